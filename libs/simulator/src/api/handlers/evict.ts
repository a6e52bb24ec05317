import { RESOURCES, type Pod, type PodDisruptionBudget } from '@kubewise/kube'
import { ApiStatus, badRequest, conflict, notFound } from '../../objects/api-status.ts'
import { deleteObject, type DeletionOptions } from '../../objects/deletion.ts'
import { isJsonObject } from '../../objects/json.ts'
import { timestamp } from '../../objects/metadata.ts'
import { disruptionCondition, isGuarded, isReady } from '../eviction/budget.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { deletionOptions, writeOptions } from '../http/write-options.ts'

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."

function refuse(message: string, retryAfterSeconds?: number): ApiStatus {
  const causes = [{ reason: 'DisruptionBudget', message }]
  const details = { causes, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  return new ApiStatus(429, 'TooManyRequests', VIOLATION, details)
}

/** Pods that serve nobody, or soon will not, are not guarded. */
function isUnguarded(pod: Pod): boolean {
  const { phase } = pod.status ?? {}
  return (
    phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata?.deletionTimestamp !== undefined
  )
}

/** A pod that is not ready may go when its budget says so, or when enough others are healthy. */
function mayGoUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function assertAllowed(budget: PodDisruptionBudget): void {
  const { name = '', generation = 1 } = budget.metadata ?? {}
  const { observedGeneration = 0, disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = budget.status ?? {}
  if (observedGeneration < generation) {
    throw refuse(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if (disruptionsAllowed === 0) {
    throw refuse(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    )
  }
}

/** Takes one disruption from the budget until its controller sees the pod go. */
function spend(budget: PodDisruptionBudget, pod: Pod, { etcd, clock }: ApiContext): void {
  const { namespace, name = '' } = budget.metadata ?? {}
  etcd.update<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, namespace, name, 'kube-apiserver', (it) => {
    const disruptionsAllowed = (it.status?.disruptionsAllowed ?? 0) - 1
    const disruptedPods = { ...it.status?.disruptedPods, [pod.metadata?.name ?? '']: timestamp(clock.now()) }
    const conditions = [disruptionCondition(it, disruptionsAllowed, clock.now())]
    return { ...it, status: { ...it.status, disruptionsAllowed, disruptedPods, conditions } }
  })
}

function guard(pod: Pod, context: ApiContext, isDryRun: boolean): void {
  const budgets = context.etcd
    .list<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, pod.metadata?.namespace)
    .filter((budget) => isGuarded(pod, budget))
  const [budget] = budgets
  if (budgets.length > 1) {
    const say = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
    throw new ApiStatus(500, undefined, say)
  }
  if (budget === undefined || (!isReady(pod) && mayGoUnhealthy(budget))) return
  assertAllowed(budget)
  if (!isDryRun) spend(budget, pod, context)
}

function assertPreconditions(pod: Pod, { preconditions }: DeletionOptions): void {
  const { name = '', uid, resourceVersion } = pod.metadata ?? {}
  const subject = { group: '', plural: 'Pod' }
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    throw conflict(
      subject,
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    )
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw conflict(
      subject,
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    )
  }
}

function markDisrupted(pod: Pod, { etcd, clock }: ApiContext): void {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True' as const,
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: timestamp(clock.now()),
  }
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type)
  const marked = { ...structuredClone(pod), status: { ...pod.status, conditions: [...others, condition] } }
  // The server writes this one by itself, past those who note managers.
  etcd.replace(RESOURCES.Pod, etcd.prepareUpdate(RESOURCES.Pod, pod, marked))
}

/** `pods/eviction`: deletes a pod if its disruption budget allows it. */
export function evict(request: ApiRequest, context: ApiContext): Answer {
  const { body, name = '', namespace } = request
  const { isDryRun } = writeOptions(request, 'CreateOptions')
  if (!isJsonObject(body)) throw badRequest('not a Eviction object: nil')
  const { name: named } = isJsonObject(body['metadata']) ? body['metadata'] : {}
  if (named !== undefined && named !== name) throw badRequest('name in URL does not match name in Eviction object')
  const options = { ...deletionOptions(request, body['deleteOptions']), isDryRun }
  const pod = context.etcd.get<Pod>(RESOURCES.Pod, namespace, name)
  if (pod === undefined) throw notFound(RESOURCES.Pod, name)
  if (!isUnguarded(pod)) guard(pod, context, isDryRun)
  assertPreconditions(pod, options)
  const { preconditions: _, ...rest } = options
  if (!isDryRun) markDisrupted(pod, context)
  deleteObject(context.etcd, context.clock, RESOURCES.Pod, namespace, name, rest)
  return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } }
}
