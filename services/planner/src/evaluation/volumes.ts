import { conditionOf, type Node, type PersistentVolumeClaim, type Pod } from '@kubewise/kube'
import type { Context } from '../context/context.ts'
import type { Arrival } from './arrivals.ts'
import { doubt, gravest, notReadable, pass, refuse, type Verdict } from './check.ts'
import { completeTemplate } from './new-pod.ts'
import { matchesNodeSelector, nodeRefuses } from './node-fit.ts'
import type { Place } from './place.ts'

const claimsIn = ({ spec }: Pick<Pod, 'spec'>): string[] =>
  (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])

const isReady = (name: string | undefined, nodes: readonly Node[]) =>
  nodes.some((node) => node.metadata?.name === name && conditionOf(node, 'Ready')?.status === 'True')

/** Only one node, or one pod, may have such a volume at a time. */
function held(claim: PersistentVolumeClaim, arrival: Arrival, namespace: string, place: Place): Verdict[] {
  const modes = claim.spec?.accessModes ?? []
  const isSingle = modes.length > 0 && modes.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod')
  const { pods, nodes } = place
  if (!isSingle || !pods.isKnown || !nodes.isKnown) return []
  const name = claim.metadata?.name ?? ''
  const users = pods.value.filter(
    (pod) => pod.metadata?.namespace === namespace && pod.spec?.nodeName !== undefined && claimsIn(pod).includes(name),
  )
  const lost = users.find(({ spec }) => !isReady(spec?.nodeName, nodes.value))
  if (lost)
    return [
      refuse(
        'volume-stuck',
        `The volume ${name} is attached to the node ${lost.spec?.nodeName}, which is not ready to let it go.`,
      ),
    ]
  const staying = users.filter(({ metadata }) => !arrival.leaving.some((pod) => pod.metadata?.uid === metadata?.uid))
  if (staying.length === 0) return []
  const who = staying[0]?.metadata?.name
  return modes.includes('ReadWriteOncePod')
    ? [refuse('volume-stuck', `The volume ${name} serves one pod at a time, and ${who} keeps it.`)]
    : [
        doubt(
          `The volume ${name} serves one node at a time, and ${who} keeps it: a new pod must come to the same node.`,
        ),
      ]
}

function reachable(claim: PersistentVolumeClaim, { template }: Arrival, { volumes, nodes }: Place): Verdict[] {
  const { spec } = template
  if (!volumes.isKnown || !nodes.isKnown || !spec) return []
  const required = volumes.value.find(({ metadata }) => metadata?.name === claim.spec?.volumeName)?.spec?.nodeAffinity
    ?.required
  if (!required) return []
  const isThere = nodes.value.some(
    (node) => nodeRefuses(node, spec) === undefined && matchesNodeSelector(required, node),
  )
  return isThere
    ? []
    : [
        refuse(
          'unschedulable-constraints',
          `The volume ${claim.metadata?.name} can be had only on nodes that take no new pod.`,
        ),
      ]
}

/** A claim that waits for its first pod is no failure. */
function unbound(claim: PersistentVolumeClaim, { classes }: Place): Verdict {
  const { name } = claim.metadata ?? {}
  if (claim.status?.phase === 'Lost') return refuse('volume-unbound', `The volume of the claim ${name} is lost.`)
  const className = claim.spec?.storageClassName
  if (!classes.isKnown)
    return doubt(`The claim ${name} has no volume yet, and its storage class cannot be read: ${classes.why}`)
  const storage = classes.value.find(({ metadata }) => metadata?.name === className)
  return storage?.volumeBindingMode === 'WaitForFirstConsumer'
    ? pass('')
    : refuse('volume-unbound', `The claim ${name} has no volume, and none comes for it.`)
}

function claimVerdicts(name: string, arrival: Arrival, context: Context, place: Place): Verdict[] {
  const { claims } = place
  const { kind, namespace } = context.incident.target
  if (!claims.isKnown) return [notReadable('The volume claims', claims.why)]
  const claim = claims.value.find(({ metadata }) => metadata?.name === name)
  // A StatefulSet makes those of its further pods itself.
  if (!claim)
    return kind === 'StatefulSet' ? [] : [refuse('volume-unbound', `The volume claim ${name} does not exist.`)]
  if (claim.status?.phase !== 'Bound') return [unbound(claim, place)]
  return [...held(claim, arrival, namespace, place), ...reachable(claim, arrival, place)]
}

/** Are the volumes of the pods that must come bound, free and within reach? */
export function checkVolumes(context: Context, arrivals: readonly Arrival[], place: Place): Verdict {
  const verdicts = arrivals.flatMap((arrival) => {
    const names = claimsIn(completeTemplate(context, arrival))
    return names.flatMap((name) => claimVerdicts(name, arrival, context, place))
  })
  return gravest(
    verdicts.filter(({ verdict }) => verdict !== 'passed'),
    'No volume stands in the way.',
  )
}
