import { isTerminating, RESOURCES, type Pod, type StatefulSet } from '@kubewise/kube'
import { ApiStatus } from '../../../objects/index.ts'
import { createPod } from '../../objects/create-pod.ts'
import { controlledBy } from '../../objects/owners.ts'
import { deletePod } from '../../objects/pods.ts'
import { writeStatus } from '../../objects/write-status.ts'
import type { Reconcile, WorldPorts } from '../../ports.ts'
import { createRetries } from '../retry-after.ts'
import { forgetRevisions, labelOf, revisionsOf, syncRevision, templateOf } from '../revision-history.ts'
import { nextSteps, podRevision, type Situation, type Step } from './next-step.ts'
import { statefulSetStatus } from './status.ts'

const MANAGER = 'kube-controller-manager'
const COMPONENT = 'statefulset-controller'

/** Keeps the numbered pods of StatefulSets, in order. */
export function createStatefulSetController({ objects, events }: WorldPorts): Reconcile {
  const retries = createRetries()

  function situationOf(set: StatefulSet, nowMs: number): Situation {
    const update = syncRevision(objects, RESOURCES.StatefulSet, set)
    const current =
      revisionsOf(objects, set).find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update
    return { set, pods: controlledBy<Pod>(objects, RESOURCES.Pod, set), current, update, nowMs }
  }

  function create(set: StatefulSet, { ordinal, revision }: Extract<Step, { do: 'create' }>, nowMs: number): void {
    const name = `${set.metadata?.name}-${ordinal}`
    if (objects.get(RESOURCES.Pod, set.metadata?.namespace, name) || !retries.isDue(set.metadata?.uid ?? '', nowMs))
      return
    const labels = {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      'controller-revision-hash': labelOf(revision),
    }
    try {
      createPod(objects, {
        resource: RESOURCES.StatefulSet,
        owner: set,
        template: templateOf(revision),
        name,
        generateName: `${set.metadata?.name}-`,
        labels,
      })
      retries.succeeded(set.metadata?.uid ?? '')
      say(
        set,
        'Normal',
        'SuccessfulCreate',
        `create Pod ${name} in StatefulSet ${set.metadata?.name} successful`,
        nowMs,
      )
    } catch (error) {
      if (!(error instanceof ApiStatus)) throw error
      retries.failed(set.metadata?.uid ?? '', nowMs)
      say(
        set,
        'Warning',
        'FailedCreate',
        `create Pod ${name} in StatefulSet ${set.metadata?.name} failed error: ${error.message}`,
        nowMs,
      )
    }
  }

  function take(set: StatefulSet, step: Step, nowMs: number): void {
    if (step.do === 'create') return create(set, step, nowMs)
    deletePod(objects, step.pod, MANAGER, nowMs)
    say(
      set,
      'Normal',
      'SuccessfulDelete',
      `delete Pod ${step.pod.metadata?.name} in StatefulSet ${set.metadata?.name} successful`,
      nowMs,
    )
  }

  function say(set: StatefulSet, type: 'Normal' | 'Warning', reason: string, message: string, nowMs: number): void {
    events.record(nowMs, { about: set, type, reason, message, component: COMPONENT })
  }

  function reconcile(set: StatefulSet, nowMs: number): void {
    const situation = situationOf(set, nowMs)
    for (const step of nextSteps(situation)) take(set, step, nowMs)
    const pods = controlledBy<Pod>(objects, RESOURCES.Pod, set)
    const status = statefulSetStatus({ ...situation, pods })
    writeStatus(objects, RESOURCES.StatefulSet, set, MANAGER, status)
    const inUse = [status.currentRevision, status.updateRevision, ...pods.map(podRevision)]
    forgetRevisions(objects, set, new Set(inUse.filter((one) => one !== undefined)))
  }

  return (nowMs) => {
    for (const set of objects.list<StatefulSet>(RESOURCES.StatefulSet)) if (!isTerminating(set)) reconcile(set, nowMs)
  }
}
