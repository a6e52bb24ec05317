import assert from 'node:assert/strict'
import {
  templateHash,
  type Container,
  type Deployment,
  type HorizontalPodAutoscaler,
  type KubernetesObject,
  type Node,
  type PodTemplate,
  type Revision,
} from '@kubewise/kube'
import { ACTIONS, DEFAULT_LIMITS } from '@kubewise/policy'
import * as fc from 'fast-check'
import type { ExecutionStep, Parameters, TargetRecord } from '@kubewise/contracts'
import { ownedByUs } from '../fixture/owned-by-us.ts'
import { applyJsonPatch } from '../fixture/json-patch.ts'
import { WORKS, workOf } from './index.ts'
import { guardedPatch, guardedUndo } from './patch.ts'
import { isRefusal, type Prepared, type ReadKube } from './work.ts'

const TARGET = { cluster: 'test', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u' }
const record: TargetRecord = {
  _id: 'web',
  version: 1,
  target: TARGET,
  epoch: 1,
  coolingUntilMs: 0,
  failures: 0,
  actedMs: [],
  originals: {},
}

/** An object, what is asked of it, and the revisions that it could go back to. */
interface Case {
  object: KubernetesObject
  given: Parameters
  revisions?: Revision[]
}

const annotations = fc.option(
  fc.dictionary(fc.constantFrom('team', 'kubewise.io/cordoned', 'kubewise.io/paused', 'x/y~z'), fc.string()),
  {
    nil: undefined,
  },
)
const metadata = annotations.map((found) => ({
  name: 'web',
  namespace: 'shop',
  uid: 'u',
  generation: 3,
  resourceVersion: '7',
  managedFields: ownedByUs('unschedulable', 'paused'),
  ...(found && { annotations: found }),
}))
const mebibytes = fc.integer({ min: 16, max: 4096 })
const container = fc
  .record({ name: fc.constantFrom('app', 'sidecar'), memory: mebibytes })
  .map(({ name, memory }): Container => ({
    name,
    image: `${name}:1`,
    env: [{ name: 'TOKEN', value: 'secret' }],
    resources: { limits: { memory: `${memory}Mi`, cpu: '500m' }, requests: { memory: '16Mi' } },
  }))
const containers = fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: ({ name }) => name })
const template = (all: Container[]): PodTemplate => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: all },
})
const deployment = fc
  .record({ metadata, containers, replicas: fc.integer({ min: 1, max: 9 }), paused: fc.boolean() })
  .map(({ metadata: found, containers: all, replicas, paused }): Deployment => ({
    kind: 'Deployment',
    metadata: found,
    spec: { replicas, template: template(all), ...(paused && { paused }) },
  }))
const taints = fc
  .uniqueArray(
    fc.record({
      key: fc.constantFrom('a', 'b', 'kubewise.io/unhealthy'),
      effect: fc.constantFrom('NoSchedule', 'NoExecute'),
    }),
    { maxLength: 3, selector: ({ key, effect }) => `${key}:${effect}` },
  )
  .map((all) => all.map((taint) => ({ ...taint })))
const node = fc
  .record({ metadata, unschedulable: fc.option(fc.boolean(), { nil: undefined }), taints })
  .map(({ metadata: found, unschedulable, taints: all }): Node => ({
    kind: 'Node',
    metadata: found,
    spec: { ...(unschedulable !== undefined && { unschedulable }), ...(all.length > 0 && { taints: all }) },
  }))
const autoscaler = fc
  .record({ metadata, maxReplicas: fc.integer({ min: 2, max: 20 }) })
  .map(({ metadata: found, maxReplicas }): HorizontalPodAutoscaler => ({
    kind: 'HorizontalPodAutoscaler',
    metadata: found,
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas },
  }))

const revisionOf = (all: Container[], number: number): Revision => ({
  number,
  name: `web-${number}`,
  uid: `r${number}`,
  label: `hash-${number}`,
  template: template(all),
  hash: templateHash(template(all)),
  createdMs: number,
  isCurrent: false,
  wasRolledBackTo: false,
})

const plain = (objects: fc.Arbitrary<KubernetesObject>): fc.Arbitrary<Case> =>
  objects.map((object) => ({ object, given: {} }))

/** What each action that can be taken back by a patch is tried on. */
const CASES: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  'rollback@1': fc.tuple(deployment, containers).map(([object, older]) => ({
    object,
    given: { toRevision: 1 },
    revisions: [revisionOf(older, 1), revisionOf(object.spec?.template?.spec?.containers ?? [], 2)],
  })),
  'set-resources@1': fc.tuple(deployment, fc.double({ min: 1.1, max: 2, noNaN: true })).map(([object, factor]) => {
    const [first] = object.spec?.template?.spec?.containers ?? []
    const memory = Number.parseInt(String(first?.resources?.limits?.['memory']), 10)
    return { object, given: { container: first?.name ?? '', memoryLimit: `${Math.floor(memory * factor)}Mi` } }
  }),
  'scale@1': fc.tuple(deployment, fc.integer({ min: 1, max: 20 })).map(([object, replicas]) => ({
    object,
    given: { replicas },
  })),
  'set-autoscaler-maximum@1': autoscaler.map((object) => ({
    object,
    given: { autoscaler: 'web', uid: 'u', maxReplicas: (object.spec?.maxReplicas ?? 1) + 1 },
  })),
  // Its own write; the pods that it evicts are another matter.
  'drain@1': plain(node),
  'resize-pod@1': fc.tuple(deployment, fc.double({ min: 1.1, max: 2, noNaN: true })).map(([{ spec }, factor]) => {
    const [first] = spec?.template?.spec?.containers ?? []
    const memory = Number.parseInt(String(first?.resources?.limits?.['memory']), 10)
    const owner = { apiVersion: 'apps/v1', kind: TARGET.kind, name: TARGET.name, uid: 'u', controller: true }
    const metadata = { name: 'web-1', namespace: 'shop', uid: 'p', generation: 1, ownerReferences: [owner] }
    return {
      object: { kind: 'Pod', metadata, spec: spec?.template?.spec ?? { containers: [] } },
      given: { container: first?.name ?? '', memoryLimit: `${Math.floor(memory * factor)}Mi` },
    }
  }),
  'cordon@1': plain(node),
  'uncordon@1': plain(node),
  'taint@1': plain(node),
  'untaint@1': plain(node),
  'pause-rollout@1': plain(deployment),
  'resume-rollout@1': plain(deployment),
}

/** There is nothing else than the object. */
const kube: ReadKube = {
  get: async () => undefined,
  list: async () => ({ items: [], resourceVersion: '1' }),
  serves: async () => true,
}

async function prepare(name: string, { object, given, revisions = [] }: Case) {
  const work = workOf(name) ?? assert.fail(`there is no action ${name}`)
  const circumstances = {
    step: { with: given, object: { ...TARGET, kind: object.kind ?? '' } },
    record,
    limits: DEFAULT_LIMITS,
    incident: 'incident-1',
    planCreatedMs: 1,
  }
  if (work.on === 'workload') return work.prepare({ ...circumstances, view: { workload: object, revisions, pods: [] } })
  const about = { object, target: TARGET, plan: 'plan', stepId: 'step', nowMs: 1, kube }
  return (await work.prepare?.({ ...circumstances, ...about })) ?? assert.fail(`${name} writes nothing`)
}

function undoing(name: string, prepared: Prepared, object: KubernetesObject, revisions: Revision[] = []) {
  const work = workOf(name)
  const { changes, undo } = prepared
  const step = { changes, undo } as unknown as ExecutionStep
  return work?.on === 'workload'
    ? work.undo?.(step, { workload: object, revisions, pods: [] })
    : work?.undo?.(step, object)
}

const footprint = { marker: 'plan/step/1', plan: 'plan', reason: 'test', atMs: 0, revert: '' }

/** As the API server shows it: what is empty or false is absent. */
function shown({ spec }: Node & Deployment) {
  const { unschedulable, paused, taints: all, ...rest } = spec ?? {}
  return { ...rest, ...(unschedulable && { unschedulable }), ...(paused && { paused }), taints: taintSet(all) }
}
/** In which order taints stand means nothing. */
const taintSet = (all: readonly { key?: string; effect?: string }[] = []) =>
  all.map(({ key, effect }) => `${key}:${effect}`).sort()

describe('taking back', () => {
  const restoring = ACTIONS.filter(({ undo, isPassive }) => undo.how === 'restore' && !isPassive).map(
    ({ name }) => name,
  )

  it('is tried of every action that a patch takes back', () => {
    assert.deepEqual(Object.keys(CASES).sort(), restoring.sort())
    assert.ok(WORKS.length >= restoring.length)
  })

  for (const name of restoring)
    it(`${name} brings back what was there before`, async () => {
      let done = 0
      await fc.assert(
        fc.asyncProperty(CASES[name]!, async (one) => {
          const prepared = await prepare(name, one)
          if (isRefusal(prepared) || prepared.undo.how === 'none') return
          if (prepared.effect.kind !== 'patch' && prepared.effect.kind !== 'resize') return
          const { operations } = prepared.effect
          const changed = applyJsonPatch(
            one.object,
            guardedPatch(one.object, operations, { ...footprint, ...(prepared.notes && { notes: prepared.notes }) }),
          )
          assert.notDeepEqual(shown(changed), shown(one.object))
          const back = undoing(name, prepared, changed, one.revisions)
          if (!back || isRefusal(back)) return assert.fail(`not taken back: ${JSON.stringify(back)}`)
          const guarded = guardedUndo(changed, back, {
            markers: [footprint.marker],
            footprint: { ...footprint, marker: 'plan/step/1/undo' },
          })
          if (isRefusal(guarded)) return assert.fail(guarded.say)
          assert.deepEqual(shown(applyJsonPatch(changed, guarded)), shown(one.object))
          done++
        }),
      )
      assert.ok(done >= 10, `${done} of 100 were done at all`)
    })
})
