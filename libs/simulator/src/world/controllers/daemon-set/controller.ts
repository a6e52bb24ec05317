import {
  isPodFinished,
  isPodReady,
  isTerminating,
  RESOURCES,
  type DaemonSet,
  type Node,
  type Pod,
  type Toleration,
} from '@kubewise/kube'
import { ApiStatus } from '../../../objects/index.ts'
import { createPod } from '../../objects/create-pod.ts'
import { controlledBy } from '../../objects/owners.ts'
import { isNodeSelected, untolerated } from '../../objects/placement.ts'
import { deletePod, isAvailable } from '../../objects/pods.ts'
import { writeStatus } from '../../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../../ports.ts'
import { createRetries } from '../retry-after.ts'
import { forgetRevisions, labelOf, syncRevision } from '../revision-history.ts'
import { outdatedPods } from './update.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'daemonset-controller'

/** What a daemon puts up with on its node. @see AddOrUpdateDaemonPodTolerations of Kubernetes */
const DAEMON_TOLERATIONS: Toleration[] = [
  ...['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
  })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoSchedule',
  })),
]

/** Keeps one pod of each DaemonSet on every node that it is meant for. */
export function createDaemonSetController({ objects, events }: WorldPorts): Reconcile {
  const retries = createRetries()

  function say(set: DaemonSet, type: 'Normal' | 'Warning', reason: string, message: string, nowMs: number): void {
    events.record(nowMs, { about: set, type, reason, message, component: COMPONENT })
  }

  function remove(set: DaemonSet, pod: Pod, nowMs: number): void {
    deletePod(objects, pod, MANAGER, nowMs)
    say(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata?.name}`, nowMs)
  }

  function create(set: DaemonSet, nodeName: string, label: string, nowMs: number): void {
    const key = `${set.metadata?.uid}/${nodeName}`
    if (!retries.isDue(key, nowMs)) return
    const labels = {
      'controller-revision-hash': label,
      'pod-template-generation': String(set.metadata?.generation ?? 1),
    }
    const wish = {
      resource: RESOURCES.DaemonSet,
      owner: set,
      template: set.spec?.template ?? {},
      labels,
      nodeName,
      tolerations: DAEMON_TOLERATIONS,
    }
    try {
      const pod = createPod(objects, { ...wish, generateName: `${set.metadata?.name}-` })
      retries.succeeded(key)
      say(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`, nowMs)
    } catch (error) {
      if (!(error instanceof ApiStatus)) throw error
      retries.failed(key, nowMs)
      say(set, 'Warning', 'FailedCreate', `Error creating: ${error.message}`, nowMs)
    }
  }

  function podsByNode(set: DaemonSet, nodes: readonly Node[]): Map<string, Pod[]> {
    const pods = Map.groupBy(controlledBy<Pod>(objects, RESOURCES.Pod, set), (pod) => pod.spec?.nodeName ?? '')
    return new Map(nodes.map(({ metadata }) => [metadata?.name ?? '', pods.get(metadata?.name ?? '') ?? []]))
  }

  function manage(set: DaemonSet, byNode: ReadonlyMap<string, Pod[]>, label: string, nowMs: number): void {
    for (const [nodeName, pods] of byNode) {
      for (const pod of pods.filter((one) => isPodFinished(one) && !isTerminating(one))) {
        say(
          set,
          'Warning',
          'FailedDaemonPod',
          `Found failed daemon pod ${set.metadata?.namespace}/${pod.metadata?.name} on node ${nodeName}, will try to kill it`,
          nowMs,
        )
        remove(set, pod, nowMs)
      }
      if (pods.length === 0) create(set, nodeName, label, nowMs)
    }
  }

  function reconcile(set: DaemonSet, nowMs: number): void {
    const all = objects.list<Node>(RESOURCES.Node)
    const nodes = all.filter((node) => isMeantFor(set, node))
    const revision = syncRevision(objects, RESOURCES.DaemonSet, set)
    const byNode = podsByNode(set, nodes)
    const misplaced = controlledBy<Pod>(objects, RESOURCES.Pod, set).filter(
      (pod) => !byNode.has(pod.spec?.nodeName ?? ''),
    )
    if (!isTerminating(set)) {
      for (const pod of misplaced.filter((one) => !isTerminating(one))) remove(set, pod, nowMs)
      manage(set, byNode, labelOf(revision), nowMs)
      if (set.spec?.updateStrategy?.type !== 'OnDelete')
        for (const pod of outdatedPods(set, byNode, labelOf(revision), nowMs)) remove(set, pod, nowMs)
    }
    writeStatus(
      objects,
      RESOURCES.DaemonSet,
      set,
      MANAGER,
      statusOf(set, podsByNode(set, nodes), misplaced.length, labelOf(revision), nowMs),
    )
    const used = controlledBy<Pod>(objects, RESOURCES.Pod, set).map(
      (pod) => pod.metadata?.labels?.['controller-revision-hash'] ?? '',
    )
    forgetRevisions(objects, set, new Set([labelOf(revision), ...used]))
  }

  return (nowMs) => {
    for (const set of objects.list<DaemonSet>(RESOURCES.DaemonSet)) reconcile(set, nowMs)
  }
}

function isMeantFor(set: DaemonSet, node: Node): boolean {
  const spec = set.spec?.template?.spec ?? { containers: [] }
  const tolerations = [...(spec.tolerations ?? []), ...DAEMON_TOLERATIONS]
  // A taint that only forbids new pods does not remove a daemon that is there; none is set on nodes by default.
  return (
    isNodeSelected(spec, node) &&
    untolerated(node, tolerations, ['NoSchedule', 'NoExecute']).every(({ key }) =>
      key.startsWith('node.kubernetes.io/'),
    )
  )
}

function statusOf(
  set: DaemonSet,
  byNode: ReadonlyMap<string, Pod[]>,
  misplaced: number,
  label: string,
  nowMs: number,
): NonNullable<DaemonSet['status']> {
  const pods = Array.from(byNode.values(), (list) => list.find((pod) => !isTerminating(pod)) ?? list[0]).filter(
    (pod) => pod !== undefined,
  )
  const available = pods.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length
  return {
    currentNumberScheduled: pods.length,
    numberMisscheduled: misplaced,
    desiredNumberScheduled: byNode.size,
    numberReady: pods.filter(isPodReady).length,
    observedGeneration: set.metadata?.generation ?? 1,
    updatedNumberScheduled: pods.filter((pod) => pod.metadata?.labels?.['controller-revision-hash'] === label).length,
    numberAvailable: available,
    ...(byNode.size > available ? { numberUnavailable: byNode.size - available } : {}),
  }
}
