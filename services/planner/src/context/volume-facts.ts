import { QUIET, type Facts, type PodFacts } from '@kubewise/contracts'
import {
  bytesQuantity,
  formatQuantity,
  type KubernetesObject,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
} from '@kubewise/kube'
import { originalOf, raised } from './bounded.ts'
import { templateOf, type Context } from './context.ts'
import { eventsAbout } from './events.ts'
import { allEvidence } from './evidence-features.ts'
import { amountOf } from './template-references.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
/** How much one expansion gives; a volume cannot shrink, so all of an incident's are bounded too. */
const EXPANSION = 1.5
const MOST_EXPANSION = 4
const ORIGINAL = 'claim/storage'
/** Written by the volume controller once a claim was bound. */
const BOUND_ANNOTATION = 'pv.kubernetes.io/bind-completed'
const DEFAULT_CLASS_ANNOTATION = 'storageclass.kubernetes.io/is-default-class'
const FORECAST_RULE = 'volume-forecast'

/** The claims that pods, and the template, mount. */
export function claimNamesOf({
  target,
  pods,
}: {
  target: KubernetesObject | undefined
  pods: readonly Pod[]
}): Set<string> {
  const specs = [templateOf({ target })?.spec, ...pods.map(({ spec }) => spec)]
  return new Set(
    specs.flatMap((spec) =>
      (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []),
    ),
  )
}

type World = Pick<Context, 'incident' | 'evidence' | 'events' | 'storageClasses' | 'targetRecord' | 'unread' | 'pods'>

/** The class of a claim: undefined where it names one that is not there, or leaves it to a default that there is not. */
function classOf({ spec }: PersistentVolumeClaim, classes: readonly StorageClass[]): StorageClass | undefined {
  const name = spec?.storageClassName
  return name === undefined
    ? classes.find(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true')
    : classes.find(({ metadata }) => metadata?.name === name)
}

/** How full a claim is and how soon it will be, by the detector's measurements. */
function fullness(claim: PersistentVolumeClaim, world: World): Pick<Facts['volume'], 'usedShare' | 'fullInSeconds'> {
  const name = claim.metadata?.name ?? ''
  const found = allEvidence(world, ({ rule, metric = '' }) => /volume/.test(`${rule} ${metric}`)).filter(
    ({ signal, text }) =>
      text('claim') === name || (signal.entity.kind === 'PersistentVolumeClaim' && signal.entity.name === name),
  )
  const share = found.map(({ number }) => number('usedShare')).find((value) => value !== undefined)
  const percent = found
    .filter(({ signal, text }) => /pct|percent/.test(signal.metric ?? text('metric')))
    .map(({ number }) => number('value'))
    .find((value) => value !== undefined)
  const secondsLeft = found
    .filter(({ signal }) => signal.rule === FORECAST_RULE)
    .map(({ number }) => number('secondsLeft'))
    .find((value) => value !== undefined)
  return {
    usedShare: Math.min(1, Math.max(0, share ?? (percent ?? 0) / 100)),
    fullInSeconds: Math.max(0, secondsLeft ?? 0),
  }
}

function nextSize(claim: PersistentVolumeClaim, sizeBytes: number, isExpandable: boolean, world: World): string {
  const requested = amountOf(claim.spec?.resources?.requests?.['storage']) ?? 0
  // One that is larger by request than by capacity is being expanded.
  if (!isExpandable || claim.status?.phase !== 'Bound' || sizeBytes <= 0 || requested > sizeBytes) return ''
  const unit = sizeBytes >= GIB ? GIB : MIB
  const next = raised(sizeBytes, EXPANSION, unit, originalOf(world, ORIGINAL, sizeBytes) * MOST_EXPANSION)
  return next === 0 ? '' : formatQuantity(bytesQuantity(next))
}

function volumeFact(claim: PersistentVolumeClaim, pods: readonly PodFacts[], world: World): Facts['volume'] {
  const { metadata, spec, status } = claim
  const phase = status?.phase ?? ''
  const everBound =
    phase === 'Bound' ||
    phase === 'Lost' ||
    (spec?.volumeName ?? '') !== '' ||
    metadata?.annotations?.[BOUND_ANNOTATION] !== undefined
  const storageClass = classOf(claim, world.storageClasses)
  const areClassesKnown = !world.unread.includes('StorageClass')
  const provisioningFailed =
    phase === 'Pending' && eventsAbout(world.events, claim, 'ProvisioningFailed', 'provisioner').length > 0
  const users = new Set(
    world.pods
      .filter(({ spec: pod }) =>
        pod?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === metadata?.name),
      )
      .map(({ metadata: pod }) => pod?.uid),
  )
  const sizeBytes = amountOf(status?.capacity?.['storage'] ?? spec?.resources?.requests?.['storage']) ?? 0
  const expandable = storageClass?.allowVolumeExpansion === true
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    phase,
    everBound,
    waitsForConsumer:
      phase === 'Pending' && storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !provisioningFailed,
    // An empty name means a volume that somebody has made beforehand.
    classExists: storageClass !== undefined || spec?.storageClassName === '' || !areClassesKnown || phase !== 'Pending',
    expandable,
    provisioningFailed,
    multiAttach: pods.some(({ uid, multiAttach }) => multiAttach && users.has(uid)),
    ...fullness(claim, world),
    sizeBytes,
    nextSize: nextSize(claim, sizeBytes, expandable, world),
  }
}

/** How badly a claim needs help; the larger the worse. */
function need({
  phase,
  classExists,
  provisioningFailed,
  multiAttach,
  usedShare,
  fullInSeconds,
  waitsForConsumer,
}: Facts['volume']) {
  if (phase === 'Lost') return 6
  if (multiAttach) return 5
  if (!classExists || provisioningFailed) return 4
  if (fullInSeconds > 0 || usedShare > 0) return 2 + usedShare
  if (phase === 'Pending' && !waitsForConsumer) return 2
  return 0
}

/**
 * The claims of the target and the one most in need. By state; that provisioning failed, by Events on a claim that is still
 * pending; how full one is, by metrics.
 */
export function volumeFacts(context: Context, pods: readonly PodFacts[]): Pick<Facts, 'volumes' | 'volume'> {
  const volumes = context.claims.map((claim) => volumeFact(claim, pods, context))
  const [worst] = [...volumes].sort((a, b) => need(b) - need(a))
  const isAskedFor = context.incident.target.kind === 'PersistentVolumeClaim'
  return { volumes, volume: worst && (need(worst) > 0 || isAskedFor) ? worst : QUIET.volume }
}
