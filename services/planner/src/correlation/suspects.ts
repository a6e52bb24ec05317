import type { Facts, Incident, Relation, Target } from '@kubewise/contracts'
import type { Behind } from './behind.ts'
import { isWholeCluster } from './root-causes.ts'

/** An object that may be the cause of an incident of another target, with what speaks for it. */
export interface Suspect {
  root: Target
  relation: Relation
  /** The evidence, in one sentence. */
  say: string
  /**
   * What it takes to be believed. *state*: nothing more, the cluster's state says so. *shared*: that another target suspects
   * it too, or that it has an incident. *incident*: that it has an incident.
   */
  needs: 'state' | 'shared' | 'incident'
}

/** Changes longer before than this are no suspects. */
const LATELY_SECONDS = 600
const IMAGE_PROBLEMS_OF_REGISTRIES: ReadonlySet<string> = new Set(['unreachable', 'rate-limited', 'unauthorized'])
const SHARED_KINDS: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'NetworkPolicy', 'Service', 'LimitRange'])
const DNS_NAMES = ['coredns', 'kube-dns']

export interface Suspecting {
  incident: Pick<Incident, 'target'>
  facts: Facts
  behind: Behind
}

type Detective = (question: Suspecting) => Suspect[]

const at = ({ incident }: Suspecting, kind: string, namespace: string, name: string): Target => ({
  cluster: incident.target.cluster,
  kind,
  namespace,
  name,
})

/** Pods that are not as they should be, and still count: one that ran to its end does not. */
const illPods = ({ pods }: Facts) => pods.filter(({ phase, ready }) => phase !== 'Succeeded' && !ready)

/** A node that is not ready, or so short of something that it evicts, and carries all of the target's ill pods that have a node. */
const node: Detective = (question) => {
  const { facts } = question
  const ill = illPods(facts).filter((pod) => pod.node !== '')
  if (ill.length === 0) return []
  const isLost = ({ ready }: Facts['node']) => ready !== 'True'
  const isShort = ({ name, pressures }: Facts['node']) =>
    pressures.length > 0 &&
    !facts.culprit.exists &&
    facts.memory.kills === 0 &&
    ill.some((pod) => pod.node === name && pod.phase === 'Failed')
  const bad = facts.nodes.filter((each) => isLost(each) || isShort(each))
  const names = new Set(bad.map(({ name }) => name))
  if (!ill.every((pod) => names.has(pod.node))) return []
  const share = (name: string) => ill.filter((pod) => pod.node === name).length
  return bad
    .filter(({ name }) => share(name) > 0)
    .sort((a, b) => share(b.name) - share(a.name) || (a.name < b.name ? -1 : 1))
    .slice(0, 1)
    .map((each) => ({
      root: at(question, 'Node', '', each.name),
      relation: 'node',
      say: `Its ${share(each.name)} ill pods run on ${each.name}, which ${isLost(each) ? `is not ready (${each.ready})` : `reports ${each.pressures.join(', ')}`}.`,
      needs: 'state',
    }))
}

const volume: Detective = (question) =>
  question.facts.volumes
    .filter(({ phase, multiAttach, provisioningFailed }) => multiAttach || provisioningFailed || phase === 'Lost')
    .map(({ name }) => ({
      root: at(question, 'PersistentVolumeClaim', question.facts.target.namespace, name),
      relation: 'volume',
      say: `Its volume claim ${name} cannot be used.`,
      needs: 'incident',
    }))

const registry: Detective = (question) => {
  const { failing, problem, registry: host, otherTargets, introducedByRollout } = question.facts.image
  // A new release may name a host that is none; who waits for other images of it is counted.
  const isOwn = introducedByRollout && (problem === 'unauthorized' || (problem === 'unreachable' && otherTargets === 0))
  if (!failing || host === '' || isOwn || !IMAGE_PROBLEMS_OF_REGISTRIES.has(problem)) return []
  const say = `Images of ${host} cannot be had (${problem}), of ${otherTargets} other targets neither.`
  return [
    {
      root: at(question, 'Registry', '', host),
      relation: 'registry',
      say,
      needs: otherTargets > 0 ? 'state' : 'shared',
    },
  ]
}

const admission: Detective = (question) => {
  const { refused, reason, by } = question.facts.creation
  const { namespace } = question.facts.target
  if (!refused) return []
  const told = (root: Target, relation: Relation, say: string): Suspect[] => [{ root, relation, say, needs: 'shared' }]
  if (reason === 'pod-security')
    return told(
      at(question, 'Namespace', '', namespace),
      'admission',
      `The Pod Security level of ${namespace} refuses its pods.`,
    )
  if (by === '') return []
  if (reason === 'quota')
    return told(at(question, 'ResourceQuota', namespace, by), 'quota', `The quota ${by} refuses its pods.`)
  return reason === 'webhook'
    ? told(at(question, 'Webhook', '', by), 'admission', `The webhook ${by} refuses its pods, or does not answer.`)
    : []
}

const network: Detective = (question) =>
  question.facts.network.dnsFailing
    ? DNS_NAMES.map((name) => ({
        root: at(question, 'Deployment', 'kube-system', name),
        relation: 'network',
        say: `Names cannot be resolved, and kube-system/${name} is ill.`,
        needs: 'incident',
      }))
    : []

/** A missing image or ConfigMap, a memory limit or a full node has nothing to do with a dependency. */
function mayWait({ pods, image, configuration, creation, scheduling }: Facts): boolean {
  if (image.failing || configuration.missing || creation.refused || scheduling.blocked) return false
  const counted = pods.filter(({ terminating }) => !terminating)
  const isOtherwise = counted.some(
    ({ waiting, cannotRun, oomKilled }) => (cannotRun && !['', 'CrashLoopBackOff'].includes(waiting)) || oomKilled,
  )
  return !isOtherwise && counted.some(({ ready, cannotRun }) => cannotRun || !ready)
}

/** A Service that it needs and that nobody answers for: what stands behind it, else the Service. */
const dependency: Detective = (question) => {
  const { facts, behind, incident } = question
  const own = incident.target
  if (own.kind === 'Service') {
    const behindIt = behind.get(`${own.namespace}/${own.name}`) ?? []
    const say = `${own.name} sends to it.`
    return behindIt.map((root) => ({ root, relation: 'dependency', say, needs: 'incident' }))
  }
  if (!mayWait(facts)) return []
  return facts.dependencies
    .filter(({ available }) => !available)
    .flatMap(({ namespace, name }): Suspect[] => {
      const roots = behind.get(`${namespace}/${name}`) ?? []
      const say = `It needs the Service ${namespace}/${name}, which has no ready endpoint.`
      const all = roots.length > 0 ? roots : [at(question, 'Service', namespace, name)]
      return all.map((root) => ({ root, relation: 'dependency', say, needs: 'state' }))
    })
}

type Change = Facts['changes'][number]

const isLately = ({ leadSeconds }: Change) => leadSeconds >= 0 && leadSeconds <= LATELY_SECONDS

/** Does the target use it, in a way that its change could be felt? A new Service breaks nobody; a new policy may. */
function isFelt({ kind, namespace, name, what }: Change, { dependencies }: Facts): boolean {
  if (kind !== 'Service') return true
  return what !== 'created' && dependencies.some((each) => each.namespace === namespace && each.name === name)
}

/** Something that several targets use and that was changed just before they fell ill, where none of them was changed itself. */
const change: Detective = (question) => {
  const { facts } = question
  const lately = facts.changes.filter(isLately)
  if (lately.some(({ onTarget, what }) => onTarget && what === 'spec.template')) return []
  return lately
    .filter((each) => !each.onTarget && SHARED_KINDS.has(each.kind) && isFelt(each, facts))
    .map(({ kind, namespace, name, what, leadSeconds }) => ({
      root: at(question, kind, namespace, name),
      relation: 'change',
      say: `${kind} ${namespace}/${name} was changed (${what}) ${Math.round(leadSeconds)} s before.`,
      needs: 'shared',
    }))
}

/** The likeliest first: what takes pods away before what keeps them from coming, that before what they wait for. */
const DETECTIVES: readonly Detective[] = [node, volume, registry, admission, network, dependency, change]

/** Kinds whose incidents are nobody's symptoms but a storm's. */
const LAST_CAUSES: ReadonlySet<string> = new Set(['Node', 'Registry', 'Webhook', 'ResourceQuota', 'Namespace'])

/** What a change just before on the suspect itself adds to the evidence. */
function withChange(suspect: Suspect, { changes }: Facts): Suspect {
  const found = changes.find(
    ({ kind, namespace, name, leadSeconds }) =>
      suspect.relation !== 'change' &&
      kind === suspect.root.kind &&
      namespace === suspect.root.namespace &&
      name === suspect.root.name &&
      leadSeconds >= 0 &&
      leadSeconds <= LATELY_SECONDS,
  )
  if (!found) return suspect
  const lead = Math.round(found.leadSeconds)
  return { ...suspect, say: `${suspect.say} ${found.kind} ${found.name} was changed (${found.what}) ${lead} s before.` }
}

/** Everything that may be the cause of this incident beside its own target, likeliest first. From facts alone. */
export function suspectsOf(question: Suspecting): Suspect[] {
  const { target } = question.incident
  if (LAST_CAUSES.has(target.kind) || isWholeCluster(target)) return []
  return DETECTIVES.flatMap((detective) => detective(question)).map((suspect) => withChange(suspect, question.facts))
}
