import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { COLLECTIONS, type Plan, type Target } from '@kubewise/contracts'
import type { Deployment } from '@kubewise/kube'
import type { Collection, Store } from '@kubewise/store'
import { createWorld, MINUTE, planFor, SECOND, template, type Tamper, type World } from '../fixture/world.ts'

const HOUR = 60 * MINUTE
const RUNS = 15

/** What an hour and a moment may see; the settings make the installation's budgets less. */
const budgets = fc.record({
  maxParallel: fc.integer({ min: 1, max: 4 }),
  maxParallelPerNamespace: fc.integer({ min: 1, max: 3 }),
  maxPerHour: fc.integer({ min: 1, max: 8 }),
  maxPerHourPerNamespace: fc.integer({ min: 1, max: 5 }),
})
type Budgets = typeof budgets extends fc.Arbitrary<infer B> ? B : never

const interleaving = fc.record({
  budgets,
  executors: fc.integer({ min: 1, max: 4 }),
  /** Of each plan: its namespace, when it comes, and which executors are told. */
  plans: fc.array(
    fc.record({
      namespace: fc.constantFrom('shop', 'bank', 'post'),
      atSecond: fc.constantFrom(0, 0, 0, 20, 40),
      told: fc.uniqueArray(fc.integer({ min: 0, max: 3 })),
    }),
    { minLength: 4, maxLength: 12 },
  ),
  /** How long each call on the record takes, in turn. */
  delaysMs: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 }),
})

/** A record whose answers come in another order each time. */
function slow({ clock }: World, delaysMs: readonly number[]): Tamper {
  let call = 0
  const later =
    <A extends unknown[], R>(run: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      await clock.sleep(delaysMs[call++ % delaysMs.length] ?? 0)
      return run(...given)
    }
  const slowed = <T extends { _id: string; version: number }>(real: Collection<T>): Collection<T> => ({
    ...real,
    get: later(real.get),
    find: later(real.find),
    insert: later(real.insert),
    replace: later(real.replace),
  })
  return ({ kube, store }) => ({
    kube,
    store: new Proxy(store, {
      get: (target, name) =>
        name === 'collection'
          ? (spec: Parameters<Store['collection']>[0]) => slowed(target.collection(spec))
          : (Reflect.get(target, name, target) as unknown),
    }),
  })
}

function workload({ cluster }: World, namespace: string, name: string): Target & { uid: string } {
  cluster.put({ kind: 'Namespace', metadata: { name: namespace, labels: { 'kubewise.io/managed': 'true' } } })
  const { metadata } = cluster.put<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, generation: 1, annotations: {} },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: name } },
      template: { ...template('good:1'), metadata: { labels: { app: name } } },
    },
  })
  cluster.reconcile()
  return { cluster: 'test', kind: 'Deployment', namespace, name, uid: metadata?.uid ?? '' }
}

/** Known of old: so many that fell ill just now would be a storm. */
function note(world: World, plan: Plan): void {
  world.note(plan)
  const incident = world.store.documents(COLLECTIONS.incidents).find(({ _id }) => _id === plan.incident)!
  world.store.put(COLLECTIONS.incidents, { ...incident, openedMs: world.clock.now() - HOUR })
}

/** What the API server's log has against the budgets, write by write. */
function excesses(world: World, plans: readonly Plan[], limits: Budgets): string[] {
  const writes = world.cluster.landed().map(({ token, atMs }) => {
    const plan = plans.find(({ _id }) => token.startsWith(`${_id}/`))!
    return { plan, atMs, endMs: world.execution(plan)?.finishedMs ?? Infinity, namespace: plan.target.namespace }
  })
  return writes.flatMap(({ atMs, namespace, plan }) => {
    const inHour = writes.filter((other) => other.atMs <= atMs && other.atMs > atMs - HOUR)
    const atWork = inHour.filter(({ endMs }) => endMs > atMs)
    const here = (some: typeof writes) => some.filter((other) => other.namespace === namespace).length
    const counts: [string, number, number][] = [
      ['in the hour', inHour.length, limits.maxPerHour],
      ['in the hour in the namespace', here(inHour), limits.maxPerHourPerNamespace],
      ['at the same time', atWork.length, limits.maxParallel],
      ['at the same time in the namespace', here(atWork), limits.maxParallelPerNamespace],
    ]
    return counts
      .filter(([, is, most]) => is > most)
      .map(([what, is, most]) => `${plan._id}: ${is} ${what}, of ${most}`)
  })
}

describe('budgets', () => {
  it(`are never exceeded, whatever the order (${RUNS} interleavings)`, async function kept() {
    this.timeout(120_000)
    let carriedOut = 0
    await fc.assert(
      fc.asyncProperty(interleaving, async ({ budgets: limits, executors, plans: wanted, delaysMs }) => {
        const world = await createWorld()
        world.store.put(COLLECTIONS.settings, {
          _id: 'settings',
          version: 1,
          changedMs: 1,
          changedBy: 'ada',
          ...limits,
        })
        for (let i = 0; i < executors; i++) await world.start({}, slow(world, delaysMs))
        const plans = wanted.map(({ namespace }, index) => {
          const target = workload(world, namespace, `app-${index}`)
          const step = { action: 'scale@1', object: target, with: { replicas: 5 }, preconditions: [] }
          return planFor(world, [step], { target, incident: `incident-${index}` })
        })
        const inOrder = wanted
          .map((one, index) => ({ ...one, plan: plans[index]! }))
          .sort((a, b) => a.atSecond - b.atSecond)
        let second = 0
        for (const { atSecond, told, plan } of inOrder) {
          await world.clock.advance((atSecond - second) * SECOND)
          second = atSecond
          note(world, plan)
          const hint = { kind: 'plan-hint', plan: plan._id, target: plan.target }
          for (const executor of told) void world.bus.hint(hint, executor).catch(() => undefined)
        }
        await world.clock.advance(3 * MINUTE)
        await world.stop()
        carriedOut += world.cluster.landed().length
        assert.deepEqual(excesses(world, plans, limits), [])
      }),
      { numRuns: RUNS },
    )
    assert.ok(carriedOut >= RUNS, `only ${carriedOut} plans were carried out`)
  })
})
