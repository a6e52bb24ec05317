import type { IMAGE_PROBLEMS, SCHEDULING_PROBLEMS } from '@kubewise/contracts'

/*
 * What system components say, by their own fixed wordings (kubelet, scheduler and controllers of Kubernetes 1.28 to 1.34; pull
 * errors of containerd, CRI-O and Docker). Parts that a user chooses (names, images, answers of probes and webhooks) are taken
 * out or anchored around, so that a name such as `unauthorized` says nothing. The text itself goes nowhere.
 */

export type ImageProblem = (typeof IMAGE_PROBLEMS)[number]
export type SchedulingProblem = (typeof SCHEDULING_PROBLEMS)[number]

/** Longer messages are cut before they are looked at. */
const LONGEST = 4_096

/** Image references, addresses and quoted names are the user's own words; `i/o` is Go's. */
function withoutReferences(text: string): string {
  return text
    .slice(0, LONGEST)
    .replace(/"[^"]*"/g, ' ')
    .split(/\s+/)
    .filter((word) => {
      const plain = word.replace(/[:,;.]+$/, '')
      return plain === 'i/o' || !(plain.includes('/') || plain.includes('@') || /^[\w.-]+:[\w.-]+$/.test(plain))
    })
    .join(' ')
}

const IMAGE_WORDINGS: readonly [ImageProblem, RegExp][] = [
  ['rate-limited', /\b429 Too Many Requests\b|\btoomanyrequests\b|\brate limit\b/i],
  [
    'unauthorized',
    /\b401 Unauthorized\b|\b403 Forbidden\b|\bunauthorized:|\bpull access denied\b|\bauthorization failed\b|\bauthentication required\b|\bno basic auth credentials\b|\brequested access to the resource is denied\b|\bfailed to authorize\b/i,
  ],
  ['not-found', /\bmanifest unknown\b|: not found\b|\bnot found$|\bname unknown\b|\bcode = NotFound\b/i],
  [
    'unreachable',
    /\bno such host\b|\bi\/o timeout\b|\bconnection refused\b|\bTLS handshake timeout\b|\bdeadline exceeded\b|\bconnection reset by peer\b|\bno route to host\b|\bnetwork is unreachable\b|\bserver misbehaving\b|\bx509:|\b50[234] [A-Z]|\bregistry is unavailable\b/i,
  ],
]

/** Waiting reasons that say it all. */
const IMAGE_REASONS: Readonly<Record<string, ImageProblem>> = {
  InvalidImageName: 'invalid',
  ErrImageNeverPull: 'not-found',
  RegistryUnavailable: 'unreachable',
}
const PULL_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ImageInspectError',
  'SignatureValidationFailed',
])

/**
 * Why an image cannot be had.
 *
 * @param waiting the container's waiting reason
 * @param messages its waiting message, and the kubelet's Events where that tells only of the back-off
 * @returns undefined where the container does not wait for its image
 */
export function imageProblemOf(waiting: string, messages: readonly string[]): ImageProblem | undefined {
  const plain = IMAGE_REASONS[waiting]
  if (plain || !PULL_REASONS.has(waiting)) return plain
  for (const message of messages) {
    const text = withoutReferences(message)
    const known = IMAGE_WORDINGS.find(([, wording]) => wording.test(text))
    if (known) return known[0]
  }
  return 'other'
}

const CORDON_TAINT = /\{node\.kubernetes\.io\/unschedulable[:\s}]/
const CONTROL_PLANE_TAINT = /\{node-role\.kubernetes\.io\/(?:control-plane|master)[:\s}]/

const SCHEDULING_WORDINGS: readonly [SchedulingProblem, RegExp][] = [
  ['insufficient', /^Insufficient [\w./-]+$|^Too many pods$/],
  ['cordoned', /^node\(s\) were unschedulable$/],
  ['taint', /^node\(s\) had (?:untolerated )?taints?(?:\(s\))?\b/],
  [
    'selector',
    /^node\(s\) didn't match (?:Pod's )?node (?:affinity\/)?selector\b|^node\(s\) didn't match Pod's node affinity\b/,
  ],
  [
    'affinity',
    /^node\(s\) didn't (?:match|satisfy) (?:existing )?pods? (?:anti-)?affinity\b|^node\(s\) didn't match pod topology spread constraints\b/,
  ],
  [
    'volume',
    /unbound immediate PersistentVolumeClaims|^node\(s\) had (?:volume node affinity conflict|no available volume zone)|^node\(s\) didn't find available persistent volumes to bind|^node\(s\) exceed max volume count|persistentvolumeclaim .* not found|^node\(s\) unavailable due to .*volume/,
  ],
]

interface Share {
  nodes: number
  problem: SchedulingProblem
  isControlPlane: boolean
}

/** Parts of the scheduler's sentence; the braces of a taint may hold commas. */
const partsOf = (text: string) => text.split(/,\s+(?![^{]*\})/)

function shareOf(part: string): Share | undefined {
  const [, count = '1', words = ''] = /^(\d+)\s+(.*)$/.exec(part.trim()) ?? ['', '1', part.trim()]
  const taint = CORDON_TAINT.test(words) && words.startsWith('node(s) had')
  const plain = words.replace(/\{[^}]*\}/g, '').trim()
  const problem = taint ? 'cordoned' : SCHEDULING_WORDINGS.find(([, wording]) => wording.test(plain))?.[0]
  return problem && { nodes: Number(count), problem, isControlPlane: CONTROL_PLANE_TAINT.test(words) }
}

/** All that the scheduler says is in the way, of most nodes first. */
export function schedulingProblemsOf(message: string): SchedulingProblem[] {
  const text = message.slice(0, LONGEST)
  const body = (/nodes are available: (.*)$/s.exec(text)?.[1] ?? text).split(/\. (?:preemption|no new claims)/)[0] ?? ''
  const shares = partsOf(body.replace(/\.\s*$/, '')).flatMap((part) => shareOf(part) ?? [])
  // That the control plane takes no pods is as it should be.
  const telling = shares.some(({ isControlPlane }) => !isControlPlane)
    ? shares.filter(({ isControlPlane }) => !isControlPlane)
    : shares
  return telling.sort((a, b) => b.nodes - a.nodes).map(({ problem }) => problem)
}

/** Why a pod is not created. */
export interface CreationRefusal {
  reason: 'quota' | 'pod-security' | 'webhook' | 'limit-range' | 'forbidden' | 'other'
  /** Name of the quota or webhook, where it is told. */
  by: string
  isCertificateExpired: boolean
}

const NAME = '[A-Za-z0-9][A-Za-z0-9.-]{0,252}'
/** What comes before the server's own words: `Error creating: `, `create Pod web-0 in StatefulSet web failed error: `, `pods "x" is forbidden: `. */
const PREAMBLE =
  /^(?:Error creating: |create Pod \S+ in StatefulSet \S+ failed error: |admission webhook |Internal error occurred: |pods "[^"]*" is forbidden: |pods is forbidden: )*/

const CREATION_WORDINGS: readonly [CreationRefusal['reason'], RegExp][] = [
  ['quota', new RegExp(`^exceeded quota: (${NAME})\\b`)],
  ['quota', new RegExp(`^failed quota: (${NAME})\\b`)],
  ['pod-security', /^violates PodSecurity\b/],
  ['pod-security', /^unable to validate against any (?:security context constraint|pod security policy)\b/],
  ['webhook', new RegExp(`^failed calling webhook "(${NAME})"`)],
  ['forbidden', new RegExp(`^"?(${NAME})"? denied the request\\b`)],
  [
    'limit-range',
    /^\[?(?:maximum|minimum) [\w./-]+ (?:usage|limit|request|storage)|^\[?[\w./-]+ max limit to request ratio per /,
  ],
  ['forbidden', /^User "[^"]*" cannot create resource\b/],
  ['other', /^error looking up service account /],
  ['other', /^no PriorityClass with name /],
]

/** Why the API server refuses a pod, by its own words; `other` where the text is none of its refusals. */
export function creationRefusalOf(message: string): CreationRefusal {
  const text = message.slice(0, LONGEST)
  const words = text.slice(PREAMBLE.exec(text)?.[0].length ?? 0)
  for (const [reason, wording] of CREATION_WORDINGS) {
    const match = wording.exec(words)
    if (match) {
      const isCertificateExpired = reason === 'webhook' && /\bx509: certificate has expired\b/.test(words)
      return { reason, by: (match[1] ?? '').replace(/[.,]$/, ''), isCertificateExpired }
    }
  }
  return { reason: 'other', by: '', isCertificateExpired: false }
}

/** A ConfigMap, Secret or key of one that a container needs and that is not there. */
export interface Missing {
  kind: 'ConfigMap' | 'Secret'
  name: string
  key: string
}

const KEY = '[-._A-Za-z0-9]{1,253}'
const MOUNT = /^MountVolume\.SetUp failed for volume "[^"]*" : (.*)$/s
const NOT_FOUND = new RegExp(`^(configmap|secret) "(${NAME})" not found`)
const NO_KEY = new RegExp(`^couldn't find key (${KEY}) in (ConfigMap|Secret) (?:${NAME}/)?(${NAME})\\b`)
const NO_MOUNTED_KEY = new RegExp(`^(?:configmap )?references non-existent (config|secret) key: (${KEY})`)

/**
 * What is missing, by the kubelet's words in a waiting message or a FailedMount Event.
 *
 * @returns for a mounted key only the key, since the kubelet does not say of which object: then `name` is empty
 */
export function missingOf(message: string): Missing | undefined {
  const text = message.slice(0, LONGEST)
  const words = MOUNT.exec(text)?.[1] ?? text
  const notFound = NOT_FOUND.exec(words)
  if (notFound?.[2]) return { kind: notFound[1] === 'secret' ? 'Secret' : 'ConfigMap', name: notFound[2], key: '' }
  const noKey = NO_KEY.exec(words)
  if (noKey?.[3]) return { kind: noKey[2] === 'Secret' ? 'Secret' : 'ConfigMap', name: noKey[3], key: noKey[1] ?? '' }
  const noMountedKey = NO_MOUNTED_KEY.exec(words)
  if (noMountedKey?.[2])
    return { kind: noMountedKey[1] === 'secret' ? 'Secret' : 'ConfigMap', name: '', key: noMountedKey[2] }
  return undefined
}

const PROBE = /^(Liveness|Readiness|Startup) probe (?:failed|errored)\b/
const PROBE_NAMES = { Liveness: 'liveness', Readiness: 'readiness', Startup: 'startup' } as const

/** Which probe an `Unhealthy` Event is of; what comes after these words is the container's own answer. */
export function probeOf(message: string): 'liveness' | 'readiness' | 'startup' | undefined {
  const name = PROBE.exec(message)?.[1]
  return name === undefined ? undefined : PROBE_NAMES[name as keyof typeof PROBE_NAMES]
}

/** A volume that can be at one node only hangs at another: the attach controller's words. */
export const isMultiAttach = (message: string): boolean => message.startsWith('Multi-Attach error for volume "')

const USED = /(?:Container|Pod) \S+ was using \S+, request is [^,]+, has larger consumption of /
const LOW = /^The node was low on resource: ([\w.-]+)\./

/** What a pod was evicted for, where it used more than it had asked for: the kubelet's words in the pod's own status. */
export function overRequestOf(message: string): string | undefined {
  const text = message.slice(0, LONGEST)
  const resource = LOW.exec(text)?.[1]
  return resource !== undefined && USED.test(text) ? resource : undefined
}
