import assert from 'node:assert/strict'
import type { PlanStep } from '@kubewise/contracts'
import { isPodReady, RESOURCES, type Kube, type Pod } from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import { eventually } from '@kubewise/testkit'
import { createNamespace } from '../arena.ts'
import { sayWrite } from '../audit-log.ts'
import { firstPod } from './cases.ts'
import type { Crew } from './crew.ts'
import { remedyOf, type Remedy, type RemedyOptions } from './remedy.ts'
import { bind, grant } from './rights.ts'
import {
  makeAutoscaler,
  makeBudget,
  makeWorkload,
  NAME,
  podsIn,
  read,
  type Workload,
  type WorkloadKind,
} from './subjects.ts'

/** Somebody else is at work on the same objects. */
export interface Conflict {
  name: string
  says: string
  run(crew: Crew, namespace: string): Promise<void>
}

type Target = RemedyOptions['target']
type Step = { object?: PlanStep['object']; with: PlanStep['with'] }

const uidOf = (pod: Pod | undefined) => pod?.metadata?.uid
const podNamed = (kube: Kube, namespace: string, name: string) => kube.get<Pod>(RESOURCES.Pod, { namespace, name })

/** A namespace with the workload `web` and all rights that an action on it claims. */
async function stage(
  { kube, user, cluster }: Crew,
  namespace: string,
  action: string,
  kind: WorkloadKind,
  options?: Parameters<typeof makeWorkload>[3],
): Promise<Target> {
  await createNamespace(kube, namespace, true)
  const grantee = { kube, user, namespace }
  await bind(grantee)
  await makeWorkload(kube, kind, namespace, options)
  const needs = actionNamed(action)?.needs(kind) ?? []
  await grant(grantee, needs, needs)
  const { metadata } = await read(kube, { kind, namespace, name: NAME })
  return { cluster, kind, namespace, name: NAME, uid: metadata?.uid ?? '' }
}

async function stepOnFirstPod(
  kube: Kube,
  target: Target,
): Promise<Step & { object: PlanStep['object'] & { uid: string } }> {
  const object = await firstPod(kube, target)
  return { object, with: { pod: object.name, uid: object.uid } }
}

const evict = (target: Target, step: Step): Remedy =>
  remedyOf({
    name: target.namespace,
    target,
    action: 'evict-pod@1',
    expect: { withinSeconds: 60, holds: ['pod-replaced'] },
    ...step,
  })

const scaleTo = (target: Target, replicas: number): Remedy =>
  remedyOf({
    name: `${target.namespace}-${replicas}`,
    target,
    action: 'scale@1',
    with: { replicas },
    expect: { withinSeconds: 60, holds: ['workload-available', 'change-stands'] },
  })

async function carriedOut(crew: Crew, remedy: Remedy) {
  const from = await crew.now()
  await crew.propose(remedy)
  const execution = await crew.settled(remedy.plan)
  const writes = await crew.writesSince(from, remedy.plan.target.namespace)
  return { execution, writes: writes.map(sayWrite), code: execution.refusal?.code, say: execution.say ?? '' }
}

async function budgetOfReadyPods(crew: Crew, namespace: string): Promise<void> {
  const target = await stage(crew, namespace, 'evict-pod@1', 'Deployment')
  await makeBudget(crew.kube, namespace, { minAvailable: 2, healthy: 2 })
  const step = await stepOnFirstPod(crew.kube, target)
  const remedy = evict(target, step)
  const from = await crew.now()
  await crew.propose(remedy)
  const waits = async () => (await crew.execution(remedy.plan))?.refusal
  const { code, say } = await eventually(waits, { timeoutMs: 30_000, say: 'the plan waits' })
  assert.equal(code, 'pdb-exhausted')
  assert.match(say, /disruption budget web lets 0 ready pods go/)
  assert.deepEqual(await crew.writesSince(from, namespace), [])
  assert.equal(uidOf(await podNamed(crew.kube, namespace, step.object.name)), step.object.uid)
}

async function budgetOfIllPods(crew: Crew, namespace: string): Promise<void> {
  const { kube } = crew
  // The second of them never becomes ready: it takes nothing away, and yet the server lets none go.
  const readiness = 'test "$(hostname)" = web-0'
  const target = await stage(crew, namespace, 'evict-pod@1', 'StatefulSet', { readiness })
  const isThere = async () => {
    const [first, second] = await podsIn(kube, namespace)
    return first && second && isPodReady(first) && second.status?.phase === 'Running' && second
  }
  const ill = await eventually(isThere, { timeoutMs: 60_000, say: 'one pod is ready, one is not' })
  await makeBudget(kube, namespace, { minAvailable: 2, healthy: 1 })
  const object = { ...target, kind: 'Pod', name: ill.metadata?.name ?? '', uid: uidOf(ill) ?? '' }
  const remedy = evict(target, { object, with: { pod: object.name, uid: object.uid } })
  const { code, say, writes } = await carriedOut(crew, remedy)
  assert.equal(code, 'server-too-many-requests')
  assert.match(say, /disruption budget/)
  assert.deepEqual(writes, ['create pods/eviction 429'])
  const still = await podNamed(kube, namespace, object.name)
  assert.deepEqual([uidOf(still), still?.metadata?.deletionTimestamp], [object.uid, undefined])
}

async function deletedMeanwhile(crew: Crew, namespace: string): Promise<void> {
  const { kube } = crew
  const target = await stage(crew, namespace, 'evict-pod@1', 'StatefulSet')
  const step = await stepOnFirstPod(kube, target)
  const { name, uid } = step.object
  await kube.delete(RESOURCES.Pod, { namespace, name }, uid)
  const isReplaced = async () => {
    const pod = await podNamed(kube, namespace, name)
    return pod && uidOf(pod) !== uid && isPodReady(pod) && pod
  }
  const replacement = await eventually(isReplaced, { timeoutMs: 60_000, say: 'another pod has its name' })
  const { code, writes } = await carriedOut(crew, evict(target, step))
  assert.equal(code, 'pod-gone')
  assert.deepEqual(writes, [])
  const still = await podNamed(kube, namespace, name)
  assert.deepEqual([uidOf(still), still?.metadata?.deletionTimestamp], [uidOf(replacement), undefined])
}

async function autoscaled(crew: Crew, namespace: string): Promise<void> {
  const target = await stage(crew, namespace, 'scale@1', 'Deployment')
  await makeAutoscaler(crew.kube, 'Deployment', namespace)
  const { code, writes } = await carriedOut(crew, scaleTo(target, 3))
  assert.equal(code, 'autoscaler-owned')
  assert.deepEqual(writes, [])
}

/** Sets the replicas back as soon as somebody changes them, as an operator would. @returns how often */
function startOperator(kube: Kube, namespace: string, replicas: number) {
  let times = 0
  const ref = { namespace, name: NAME }
  const reflector = kube.reflect<Workload>(
    RESOURCES.Deployment,
    { namespace },
    {
      onReplace: () => undefined,
      onDelete: () => undefined,
      async onUpsert({ spec }) {
        if (spec?.replicas === replicas) return
        times++
        await kube.patch(RESOURCES.Deployment, ref, { type: 'merge', body: { spec: { replicas } } })
      },
    },
  )
  return { reflector, times: () => times, [Symbol.asyncDispose]: () => reflector.stop() }
}

async function reverted(crew: Crew, namespace: string): Promise<void> {
  const { kube } = crew
  const target = await stage(crew, namespace, 'scale@1', 'Deployment')
  await using operator = startOperator(kube, namespace, 2)
  await operator.reflector.synced
  const { execution, writes } = await carriedOut(crew, scaleTo(target, 3))
  assert.deepEqual([execution.status, execution.verdict?.value], ['failed', 'not-recovered'])
  assert.match(execution.verdict?.say ?? '', /set back \/spec\/replicas of Deployment web/)
  // Not fought: it is not written again, and what would take it back finds nothing left of it.
  assert.deepEqual(
    writes.filter((write) => !write.endsWith(' 422')),
    ['patch deployments'],
  )
  assert.ok(operator.times() > 0)
  assert.equal((await read<Workload>(kube, target)).spec?.replicas, 2)
}

async function twoExecutors(crew: Crew, namespace: string): Promise<void> {
  const target = await stage(crew, namespace, 'scale@1', 'Deployment')
  const plans = [scaleTo(target, 3), scaleTo(target, 4)]
  const from = await crew.now()
  await Promise.all(plans.map((remedy) => crew.propose(remedy)))
  const executions = await Promise.all(plans.map(({ plan }) => crew.settled(plan)))
  assert.deepEqual(
    executions.map(({ status }) => status),
    ['recovered', 'recovered'],
  )
  const writes = await crew.writesSince(from, namespace)
  assert.deepEqual(
    writes.map(sayWrite),
    plans.map(() => 'patch deployments'),
  )
  const spans = executions
    .map(({ actedMs = 0, finishedMs = 0 }) => ({ actedMs, finishedMs }))
    .sort((a, b) => a.actedMs - b.actedMs)
  for (const [index, { actedMs }] of spans.entries())
    assert.ok(index === 0 || actedMs >= spans[index - 1]!.finishedMs, 'one remediation at a time')
}

export const CONFLICTS: readonly Conflict[] = [
  {
    name: 'budget-ready',
    says: 'a disruption budget that lets no ready pod go is waited for, and nothing is sent',
    run: budgetOfReadyPods,
  },
  {
    name: 'budget-ill',
    says: 'an eviction that the server answers with 429 is not repeated, and the pod stays',
    run: budgetOfIllPods,
  },
  {
    name: 'deleted',
    says: 'a pod that somebody else deleted in between is not taken for its replacement of the same name',
    run: deletedMeanwhile,
  },
  { name: 'autoscaler', says: 'replicas that an autoscaler sets are left to it', run: autoscaled },
  { name: 'operator', says: 'a change that a controller sets back is noticed, and not fought', run: reverted },
  {
    name: 'two',
    says: 'two executors with two plans for one target do one after the other, each once',
    run: twoExecutors,
  },
]
