import assert from 'node:assert/strict'
import type { Execution } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import { actionNamed, type Permission } from '@kubewise/policy'
import { eventually } from '@kubewise/testkit'
import { createNamespace, discardNamespace } from '../arena.ts'
import { sayWrite, type Write } from '../audit-log.ts'
import type { ActionCase } from './cases.ts'
import type { Crew } from './crew.ts'
import { essenceOf } from './essence.ts'
import { kubectl } from './kubectl.ts'
import { HOPELESS, remedyOf, type Remedy } from './remedy.ts'
import { bind, grant, ownNeeds, sayRight } from './rights.ts'
import { read, refOf, resourceOf, rest, type Place, type Workload } from './subjects.ts'

const EXECUTOR = 'kubewise-executor'
const WITHIN_SECONDS = 120

/** A case, and where it is acted out. */
export interface Scene {
  crew: Crew
  act: ActionCase
  /** Of the target; an empty namespace is that of what lies in none. */
  place: Place
  /** The administrator's, where there is a kubectl. */
  kubeconfigFile?: string
}

/** What is seen of a case, each once it is known; what comes later is tried also where something before failed. */
export interface ActedOut {
  refuses: Promise<void>
  takesBack?: Promise<void>
  does: Promise<void>
}

interface Seen {
  remedy: Remedy
  execution: Execution
  writes: Write[]
}

/** What its page claims; an action on a pod has that pod's workload for a target. */
function needsOf({ act }: Scene): readonly Permission[] {
  const action = actionNamed(act.action)
  return action?.needs(action.kinds.includes(act.kind) ? act.kind : 'Pod') ?? []
}

const grantOf = (scene: Scene, given: readonly Permission[]) => {
  const { kube, user } = scene.crew
  return grant({ kube, user, namespace: scene.place.namespace }, given, needsOf(scene))
}

async function make({ crew: { kube, user }, act, place: { namespace } }: Scene): Promise<void | AsyncDisposable> {
  if (namespace !== '') await createNamespace(kube, namespace, true)
  await bind({ kube, user, namespace })
  return act.make?.(kube, namespace)
}

let plans = 0

/** A plan for the target as it is now. */
async function remedyFor({ crew, act, place }: Scene, expect?: typeof HOPELESS): Promise<Remedy> {
  const { metadata } = await read(crew.kube, place)
  const target = { cluster: crew.cluster, ...place, uid: metadata?.uid ?? '' }
  return remedyOf({
    name: `${act.action.replace('@', '-')}-${++plans}`,
    target,
    action: act.action,
    expect: expect ?? { withinSeconds: WITHIN_SECONDS, holds: act.expect },
    ...(await act.step(crew.kube, target)),
  })
}

/** Has a plan carried out, or refused, and looks at what came of it. */
async function seen({ crew, place }: Scene, remedy: Remedy): Promise<Seen> {
  const from = await crew.now()
  await crew.propose(remedy)
  const execution = await crew.settled(remedy.plan)
  return { remedy, execution, writes: await crew.writesSince(from, place.namespace) }
}

/** Of what it claims, each right alone is missing once. */
async function refuses(scene: Scene): Promise<void> {
  const needs = needsOf(scene)
  for (const missing of ownNeeds(needs)) {
    await grantOf(
      scene,
      needs.filter((need) => need !== missing),
    )
    const { execution, writes } = await seen(scene, await remedyFor(scene))
    const without = `without ${sayRight(missing)}: ${execution.say}`
    assert.deepEqual([execution.status, execution.refusal?.code], ['refused', 'permission-missing'], without)
    assert.deepEqual(writes, [], without)
  }
}

async function atRest(scene: Scene): Promise<void> {
  await grantOf(scene, needsOf(scene))
  if (scene.act.make && !scene.act.isIll) await rest(scene.crew.kube, scene.place)
}

async function takesBack(scene: Scene): Promise<void> {
  const { crew, act } = scene
  await atRest(scene)
  const remedy = await remedyFor(scene, HOPELESS)
  const place = remedy.plan.steps[0]!.object
  const before = await read(crew.kube, place)
  const { execution, writes } = await seen(scene, remedy)
  assert.equal(execution.status, 'undone', `${execution.say} ${JSON.stringify(execution.steps)}`)
  assert.deepEqual(writes.map(sayWrite), [...act.writes, ...(act.undoWrites ?? act.writes)])
  const isAsBefore = async () => {
    const now = await read(crew.kube, place)
    assert.deepEqual(essenceOf(now), essenceOf(before))
    return now
  }
  const { metadata } = await eventually(isAsBefore, { timeoutMs: 30_000, say: `the ${place.kind} is as it was` })
  // There and back, where it is the object itself that was changed.
  const generation = before.metadata?.generation
  const changes = act.undoWrites ? 0 : 2
  assert.equal(metadata?.generation, generation === undefined ? undefined : generation + changes)
  await isTold(scene, 'RemediationReverted')
}

async function does(scene: Scene): Promise<void> {
  const { crew, act, place } = scene
  await atRest(scene)
  const before = await read<Workload>(crew.kube, place)
  const { remedy, execution, writes } = await seen(scene, await remedyFor(scene))
  assert.equal(execution.status, 'recovered', `${execution.say} ${JSON.stringify(execution.steps)}`)
  assert.deepEqual(writes.map(sayWrite), act.writes)
  const [step] = remedy.plan.steps
  const object = await crew.kube.get(resourceOf(step!.object.kind), refOf(step!.object))
  assert.ok(await act.isDone(object, step!, crew.kube, place.namespace), 'the API server shows it')
  for (const { body } of writes.filter(({ verb, subresource }) => verb === 'patch' && !subresource)) {
    assert.ok(JSON.stringify(body).includes(execution.steps[0]!.marker), 'the write carries its marker')
    assert.ok(managersOf(object).includes(EXECUTOR), `its fields are ${EXECUTOR}’s`)
  }
  await isTold(scene, 'Remediated')
  if (act.isRollout) await isTakenBackByHand(scene, before)
}

const managersOf = (object: KubernetesObject | undefined) =>
  object?.metadata?.managedFields?.map(({ manager = '' }) => manager) ?? []

/** What a person sees who looks at the object. */
async function isTold({ kubeconfigFile, place }: Scene, reason: string): Promise<void> {
  if (kubeconfigFile === undefined) return
  const { kind, name, namespace } = place
  const told = new RegExp(`${reason}\\s.*tested, plan plan-`)
  await eventually(async () => told.test(await kubectl(kubeconfigFile, namespace, 'describe', kind, name)), {
    everyMs: 500,
    say: `kubectl describe ${kind} ${name} tells ${reason}`,
  })
}

async function isTakenBackByHand({ kubeconfigFile, place, crew }: Scene, { spec }: Workload): Promise<void> {
  if (kubeconfigFile === undefined) return
  await kubectl(kubeconfigFile, place.namespace, 'rollout', 'undo', `${place.kind}/${place.name}`)
  const now = await read<Workload>(crew.kube, place)
  assert.deepEqual(now.spec?.template, spec?.template, 'kubectl rollout undo brings back what was before')
}

/** Acts a case out: refused with one right less, taken back, done. Where it cannot be made ready, all of it fails. */
export function actOut(scene: Scene, inTurn: (work: () => Promise<void>) => Promise<void>): ActedOut {
  const known = {
    refuses: Promise.withResolvers<void>(),
    takesBack: Promise.withResolvers<void>(),
    does: Promise.withResolvers<void>(),
  }
  const all = Object.values(known)
  for (const { promise } of all) promise.catch(() => undefined)
  const canTakeBack = actionNamed(scene.act.action)?.undo.how !== 'none'
  const acting = inTurn(async () => {
    await using _made = (await make(scene)) ?? undefined
    await refuses(scene).then(known.refuses.resolve, known.refuses.reject)
    if (canTakeBack) await takesBack(scene).then(known.takesBack.resolve, known.takesBack.reject)
    await does(scene).then(known.does.resolve, known.does.reject)
  })
  const { namespace } = scene.place
  const leave = async () => {
    if (namespace !== '') await discardNamespace(scene.crew.kube, namespace).catch(() => undefined)
  }
  acting.then(leave, leave)
  acting.catch((error: unknown) => {
    for (const { reject } of all) reject(error)
  })
  const { refuses: refused, takesBack: takenBack, does: done } = known
  return { refuses: refused.promise, does: done.promise, ...(canTakeBack && { takesBack: takenBack.promise }) }
}
