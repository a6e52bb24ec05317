import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { Settings } from '@kubewise/contracts'
import { approvalOf, context, MINUTE, NOW, object, plan, record, SECOND } from '../context.fixture.ts'
import { allRefusals, known, unknown, type GuardContext } from '../guard.ts'
import { DEFAULT_LIMITS, limitsOf, modeOf, protectedNamespacesOf } from '../limits.ts'
import { GUARDS } from './index.ts'

type Restriction = (context: GuardContext) => GuardContext

const onLive =
  (change: object): Restriction =>
  (world) => ({
    ...world,
    object: world.object.isKnown && world.object.value ? known({ ...world.object.value, ...change }) : world.object,
  })
const limit =
  (
    name:
      | 'maxParallel'
      | 'maxParallelPerNamespace'
      | 'maxPerHour'
      | 'maxPerHourPerNamespace'
      | 'readyShare'
      | 'maxAttemptsPerIncident',
  ): Restriction =>
  (world) => ({ ...world, limits: { ...world.limits, [name]: world.limits[name] / 2 } })

/** Each takes something away from what is allowed, and gives nothing. */
const RESTRICTIONS: Record<string, Restriction> = {
  observe: (world) => ({ ...world, mode: known('observe') }),
  approve: (world) => ({
    ...world,
    mode: world.mode.isKnown && world.mode.value === 'auto' ? known('approve') : world.mode,
  }),
  'mode unknown': (world) => ({ ...world, mode: unknown('down') }),
  'one more protected': (world) => ({
    ...world,
    protectedNamespaces: world.protectedNamespaces.isKnown
      ? known([...world.protectedNamespaces.value, 'shop'])
      : world.protectedNamespaces,
  }),
  'kill set': (world) => ({
    ...world,
    kill: world.kill.map((one, i) => (i === 0 ? { ...one, state: known('stop') } : one)),
  }),
  'kill unreadable': (world) => ({
    ...world,
    kill: world.kill.map((one, i) => (i === 1 ? { ...one, state: unknown('down') } : one)),
  }),
  'a channel less': (world) => ({ ...world, kill: world.kill.slice(1) }),
  'no approval': (world) => ({ ...world, approval: known(undefined) }),
  rejected: (world) => ({ ...world, approval: known(approvalOf(world.plan, { verdict: 'rejected' })) }),
  cooling: (world) => ({ ...world, target: known(record({ coolingUntilMs: NOW + MINUTE })) }),
  'record down': (world) => ({
    ...world,
    target: unknown('down'),
    running: unknown('down'),
    acted: unknown('down'),
    attempts: unknown('down'),
  }),
  'one more running': (world) => ({
    ...world,
    running: world.running.isKnown
      ? known([...world.running.value, { plan: 'x', namespace: 'shop', targetKey: 'x' }])
      : world.running,
  }),
  'one more acted': (world) => ({
    ...world,
    acted: world.acted.isKnown
      ? known({ inCluster: world.acted.value.inCluster + 1, inNamespace: world.acted.value.inNamespace + 1 })
      : world.acted,
  }),
  'one more attempt': (world) => ({
    ...world,
    attempts: world.attempts.isKnown ? known(world.attempts.value + 1) : world.attempts,
  }),
  'label removed': onLive({ isManaged: false }),
  owned: onLive({ ownedBy: 'Flux' }),
  paused: onLive({ isPaused: true }),
  'being deleted': onLive({ isDeleting: true }),
  'autoscaler appears': onLive({ hasAutoscaler: true }),
  'budget used up': onLive({ budgets: [{ name: 'pdb', disruptionsAllowed: 0 }] }),
  storm: (world) => ({ ...world, storm: known({ targets: 10, illTargets: 9, nodes: 3, illNodes: 0 }) }),
  'a window': (world) => ({ ...world, windows: known(['night']) }),
  'windows unknown': (world) => ({ ...world, windows: unknown('down') }),
  'annotated observe': onLive({ wishes: { mode: 'observe', mistakes: [] } }),
  'annotated approve': onLive({ wishes: { mode: 'approve', mistakes: [] } }),
  'silenced by annotation': onLive({ wishes: { silencedUntilMs: NOW + MINUTE, mistakes: [] } }),
  stale: (world) => ({ ...world, freshness: unknown('old') }),
  'incident over': (world) => ({ ...world, incident: known({ isOpen: false }) }),
  'lower risk': (world) => ({ ...world, limits: { ...world.limits, autoRisk: 'low' } }),
  later: (world) => ({ ...world, plan: { ...world.plan, notAfterMs: NOW } }),
  'less parallel': limit('maxParallel'),
  'less parallel in a namespace': limit('maxParallelPerNamespace'),
  'less in an hour': limit('maxPerHour'),
  'less in an hour in a namespace': limit('maxPerHourPerNamespace'),
  'less share': limit('readyShare'),
  'fewer attempts': limit('maxAttemptsPerIncident'),
}

const worlds: fc.Arbitrary<GuardContext> = fc
  .record({
    plan: fc
      .record({ risk: fc.constantFrom('low', 'medium', 'high'), mode: fc.constantFrom('observe', 'approve', 'auto') })
      .map(plan),
    mode: fc.constantFrom('observe' as const, 'approve' as const, 'auto' as const),
    isApproved: fc.boolean(),
    ready: fc.nat(12),
    readyPodsTaken: fc.nat(4),
    running: fc.nat(6),
    acted: fc.nat(64),
    attempts: fc.nat(4),
    ill: fc.nat(12),
    coolingMs: fc.integer({ min: -60, max: 60 }),
    ageMs: fc.nat(120),
  })
  .map((drawn) =>
    context({
      plan: drawn.plan,
      mode: known(drawn.mode),
      approval: known(drawn.isApproved ? approvalOf(drawn.plan) : undefined),
      object: known(
        object({
          ready: drawn.ready,
          readyPodsTaken: drawn.readyPodsTaken,
          budgets: [{ name: 'web', disruptionsAllowed: 2 }],
        }),
      ),
      running: known(
        Array.from({ length: drawn.running }, (_, i) => ({
          plan: `p${i}`,
          namespace: i % 2 ? 'shop' : 'bank',
          targetKey: `t${i}`,
        })),
      ),
      acted: known({ inCluster: drawn.acted, inNamespace: Math.floor(drawn.acted / 3) }),
      attempts: known(drawn.attempts),
      storm: known({ targets: 20, illTargets: drawn.ill, nodes: 4, illNodes: 0 }),
      target: known(record({ coolingUntilMs: NOW + drawn.coolingMs * SECOND })),
      freshness: known({
        writtenMs: NOW,
        clockSkewMs: known(0),
        metrics: [],
        watches: [{ resource: 'pods', confirmedMs: NOW - drawn.ageMs * SECOND }],
      }),
    }),
  )

const isPermitted = (world: GuardContext) => allRefusals(GUARDS, world).length === 0

describe('adding a restriction', () => {
  for (const [name, restrict] of Object.entries(RESTRICTIONS))
    it(`never permits more: ${name}`, () =>
      fc.assert(
        fc.property(worlds, (world) => isPermitted(world) || !isPermitted(restrict(world))),
        { numRuns: 300 },
      ))

  it('never permits more, in any combination', () => {
    const some = fc.subarray(Object.values(RESTRICTIONS))
    fc.assert(
      fc.property(worlds, some, some, (world, first, more) => {
        const restricted = first.reduce((each, restrict) => restrict(each), world)
        return isPermitted(restricted) || !isPermitted(more.reduce((each, restrict) => restrict(each), restricted))
      }),
      { numRuns: 1000 },
    )
  })

  it('is drawn from worlds of both kinds', () => {
    const verdicts = new Set(fc.sample(worlds, { numRuns: 2000, seed: 1 }).map(isPermitted))
    assert.equal(verdicts.size, 2)
  })
})

describe('settings', () => {
  const settings = { _id: 'settings', version: 1, changedMs: NOW, changedBy: 'ada' }

  it('only ever make the limits stricter', () => {
    const counts = fc.record({
      maxParallel: fc.nat(10),
      maxPerHour: fc.nat(100),
      readyShare: fc.double({ min: 0, max: 1, noNaN: true }),
      cooldownSeconds: fc.nat(7200),
    })
    fc.assert(
      fc.property(counts, (given) => {
        const limits = limitsOf({}, { ...settings, ...given })
        return (
          limits.maxParallel <= DEFAULT_LIMITS.maxParallel &&
          limits.maxPerHour <= DEFAULT_LIMITS.maxPerHour &&
          limits.readyShare <= DEFAULT_LIMITS.readyShare &&
          limits.cooldownMs >= DEFAULT_LIMITS.cooldownMs &&
          limits.maxCooldownMs >= limits.cooldownMs
        )
      }),
    )
  })

  it('count a budget that is no number as nothing', () =>
    assert.equal(limitsOf({ maxParallel: Number.NaN }, undefined).maxParallel, 0))

  const byRisk = (riskModes: NonNullable<Settings['riskModes']>) => ({ ...settings, riskModes })
  const modes: [string, Parameters<typeof modeOf>, string][] = [
    ['nothing set', ['shop', 'low', 'auto', undefined], 'auto'],
    ['settings stricter', ['shop', 'low', 'auto', { ...settings, mode: 'approve' }], 'approve'],
    ['settings looser', ['shop', 'low', 'observe', { ...settings, mode: 'auto' }], 'observe'],
    [
      'the namespace is stricter',
      ['shop', 'low', 'auto', { ...settings, mode: 'approve', modes: { shop: 'observe' } }],
      'observe',
    ],
    ['another namespace', ['shop', 'low', 'auto', { ...settings, modes: { bank: 'observe' } }], 'auto'],
    ['a name that every object has', ['constructor', 'low', 'auto', { ...settings, modes: {} }], 'auto'],
    ['this risk everywhere', ['shop', 'medium', 'auto', byRisk({ '*': { medium: 'approve' } })], 'approve'],
    ['another risk', ['shop', 'low', 'auto', byRisk({ '*': { medium: 'approve' } })], 'auto'],
    ['this risk here', ['shop', 'high', 'auto', byRisk({ shop: { high: 'observe' } })], 'observe'],
    ['this risk elsewhere', ['shop', 'high', 'auto', byRisk({ bank: { high: 'observe' } })], 'auto'],
    [
      'everywhere and here: the stricter',
      ['shop', 'high', 'auto', byRisk({ '*': { high: 'observe' }, shop: { high: 'auto' } })],
      'observe',
    ],
  ]
  for (const [given, asked, expected] of modes)
    it(`mode: ${given} → ${expected}`, () => assert.equal(modeOf(...asked), expected))

  it('add to the protected namespaces', () =>
    assert.deepEqual(protectedNamespacesOf(['mine'], { ...settings, protectedNamespaces: ['theirs'] }), [
      'kube-system',
      'kube-public',
      'kube-node-lease',
      'mine',
      'theirs',
    ]))
})
