import type { AnomalyMessage, KubernetesEvent } from '@kubewise/contracts'
import assert from 'node:assert/strict'
import { PartitionDetector, type PartitionSettings } from './partition-detector.ts'
import { feed, opened, pod, T0, tick, web } from './signals.test-data.ts'
import { ordinary, round, rounds, STEP_MS } from './unusual.test-data.ts'

const DAY_MS = 86_400_000

const named = (messages: readonly AnomalyMessage[]) =>
  messages.flatMap((message) => (message.kind === 'anomaly' ? [message.rule.name] : []))

function restored(detector: PartitionDetector, settings: PartitionSettings = {}): PartitionDetector {
  const next = new PartitionDetector(0, settings)
  next.restore(JSON.parse(JSON.stringify(detector.state())) as ReturnType<PartitionDetector['state']>)
  return next
}

const vouched = (isServiceLevel: boolean) =>
  ({ unit: 'seconds', bad: 'up', floor: 0.005, minEffect: 0.1, isServiceLevel }) as const

const latency = (step: number, { level = 0.3, isServiceLevel = true, intervalMs = STEP_MS } = {}) => {
  const batch = round(step, () => level + 0.01 * Math.sin(step / 5), {
    metrics: ['latency_seconds'],
    known: vouched(isServiceLevel),
  })
  return { ...batch, metrics: batch.metrics.map((metric) => ({ ...metric, intervalMs })) }
}

describe('PartitionDetector: what is claimed of it', () => {
  for (const [what, jumped] of [
    ['a collector', { ...round(400), collectedMs: T0 + 400 * STEP_MS + DAY_MS }],
    ['an observer of objects', pod(T0 + 400 * STEP_MS + DAY_MS)],
  ] as const)
    it(`keeps what it knows where the clock of ${what} is a day ahead once`, () => {
      const detector = new PartitionDetector(0)
      feed([...rounds(0, 400), jumped, tick(T0 + 401 * STEP_MS)], detector)
      assert.equal(detector.seriesCount, 4)
    })
  it('does not go deaf for a day where samples and clock are a day ahead once', () => {
    const detector = new PartitionDetector(0)
    const ahead = { ...round(400), collectedMs: T0 + 400 * STEP_MS + DAY_MS, startMs: T0 + 400 * STEP_MS + DAY_MS }
    feed([...rounds(0, 400), ahead, ...rounds(401, 500)], detector)
    assert.equal(detector.tally.refused.late, 0)
  })
  for (const metric of ['constructor', 'toString', '__proto__'])
    it(`survives a metric named ${metric}`, () => {
      feed(rounds(0, 300, undefined, { metrics: [metric] }))
    })
  it('watches a service level on where its interval is changed', () => {
    const detector = new PartitionDetector(0)
    for (let step = 0; step < 400; step++) feed([latency(step)], detector)
    const found: AnomalyMessage[] = []
    for (let step = 400; step < 2400; step += 4)
      found.push(...feed([latency(step, { intervalMs: 4 * STEP_MS, level: step < 2200 ? 0.3 : 2.4 })], detector))
    assert.deepEqual(named(found), ['service-level:latency_seconds'])
  })
  it('asks more of a service level whose threshold is higher', () => {
    const foundAt = (threshold: number) => {
      const detector = new PartitionDetector(0, { thresholds: { latency_seconds: threshold } })
      const levels = [0.6, 0.9, 1.2, 2.4, 5, 10, 20, 40]
      for (let step = 0; step < 600; step++) feed([latency(step)], detector)
      return levels.findIndex((level, i) => {
        const from = 600 + i * 200
        const steps = Array.from({ length: 200 }, (_, j) => latency(from + j, { level: j < 5 ? level : 0.3 }))
        return named(feed(steps, detector)).length > 0
      })
    }
    const [low, high] = [foundAt(0.5), foundAt(1)]
    assert.ok(low >= 0 && (high === -1 || high > low), `found at the ${low}th and ${high}th level`)
  })
  it('says since when a service level has been another', () => {
    const detector = new PartitionDetector(0)
    for (let step = 0; step < 600; step++) feed([latency(step)], detector)
    // It creeps away, and is of no meaning at first.
    const shifted = Array.from({ length: 60 }, (_, i) => latency(600 + i, { level: i < 12 ? 0.3 + 0.014 * i : 2.4 }))
    const found = opened(feed(shifted, detector))
    const since = found[0]?.explanation?.shiftedSinceMs
    assert.ok(since !== undefined && Math.abs(since - (T0 + 600 * STEP_MS)) <= 4 * STEP_MS, `since ${since}`)
  })
  it('takes a metric for a service level once somebody vouches for it', () => {
    const before = new PartitionDetector(0)
    for (let step = 0; step < 400; step++) feed([latency(step, { isServiceLevel: false })], before)
    const detector = restored(before)
    const found: AnomalyMessage[] = []
    for (let step = 400; step < 1000; step++)
      found.push(...feed([latency(step, { level: step < 980 ? 0.3 : 2.4 })], detector))
    assert.deepEqual(named(found), ['service-level:latency_seconds'])
  })
  it('bounds what it remembers of Events of one workload', () => {
    const detector = new PartitionDetector(0)
    const event = (i: number): KubernetesEvent => ({
      kind: 'kubernetes-event',
      cluster: 'test',
      uid: `event-${i}`,
      type: 'Warning',
      reason: `R${i}`,
      message: 'x',
      entity: { cluster: 'test', kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
      target: web,
      count: 5,
      firstMs: T0,
      lastMs: T0,
    })
    feed(
      Array.from({ length: 3000 }, (_, i) => event(i)),
      detector,
    )
    const kept = detector.state().judge.bursts.targets.reduce((sum, [, bursts]) => sum + bursts.length, 0)
    assert.ok(kept <= 2000, String(kept))
  })
  it('keeps the history and the alerts of a pod whose namesake is not heard of any more', () => {
    const detector = new PartitionDetector(0)
    const death = { reason: 'OOMKilled', exitCode: 137, startedMs: T0, finishedMs: T0 + 299 * STEP_MS }
    const container = { name: 'app', isInit: false, isReady: true, restarts: 1, image: 'x', lastTerminated: death }
    const old = pod(T0 + 300 * STEP_MS, { containers: [container] })
    feed([...rounds(0, 300), { ...old, entity: { ...old.entity, uid: 'old' } }], detector)
    for (let step = 300; step < 640; step++)
      feed([round(step), ...(step % 4 ? [] : [pod(T0 + step * STEP_MS), tick(T0 + step * STEP_MS)])], detector)
    const [, , , , , , sinceMs] = detector.state().metrics.models[0]!.reading
    assert.equal(sinceMs, T0)
  })
  it('raises no threshold for alerts that are not given', () => {
    const known = { unit: 'x', bad: 'both', floor: 0.1, minEffect: 1000 } as const
    const pods = Array.from({ length: 8 }, (_, i) => `web-${i}`)
    const detector = new PartitionDetector(0)
    let [told, highest] = [0, 1]
    for (let step = 0; step < 14_000; step++) {
      const spiked = (at: number, metric: number, i: number) =>
        ordinary(at, metric, i) + ((at + i * 17) % 400 > 396 && at > 800 ? 30 + 50 * Math.floor(at / 2000) : 0)
      const signals = [round(step, spiked, { pods, metrics: ['a', 'b'], known }), tick(T0 + step * STEP_MS)]
      told += feed(signals.slice(0, step % 8 ? 1 : 2), detector).length
      highest = Math.max(highest, detector.guardFactor)
    }
    assert.equal(told, 0)
    assert.equal(highest, 1)
  })
  it('is the same after a restart, whatever workloads are called', () => {
    const detector = new PartitionDetector(0)
    feed(
      rounds(0, 400).map((batch) => ({ ...batch, targets: [{ ...batch.targets[0]!, name: 'we\nb' }] })),
      detector,
    )
    assert.deepEqual(restored(detector).state(), detector.state())
  })
  it('keeps thresholds that were set while it ran over a restart', () => {
    const settings = { thresholds: { x: 0.9 } }
    const detector = new PartitionDetector(0, settings)
    const change = { type: 'thresholds', thresholds: { x: 0.5 } } as const
    feed([{ kind: 'control', cluster: 'test', partition: 0, sentMs: T0, change }], detector)
    assert.deepEqual(restored(detector, settings).state().thresholds, detector.state().thresholds)
  })
  it('does not take the budget of one model of levels for that of another', () => {
    const trees = new PartitionDetector(0, { model: 'half-space-trees' })
    feed(rounds(0, 3000, undefined, { metrics: ['x'] }), trees)
    const of = (detector: PartitionDetector) =>
      detector.state().metrics.levels.budget.groups.map(([, { counts }]) => counts)
    assert.ok(
      of(restored(trees))
        .flat()
        .every((count) => count === 0),
    )
  })
  it('judges nothing for twelve samples after a hole of a day', () => {
    const hole = 24 * 240
    const after = rounds(400 + hole, 412 + hole, (step, m, p) => ordinary(step, m, p) + 60)
    assert.deepEqual(named(feed([...rounds(0, 400), ...after])), [])
  })
  it('takes a daily season of a quota for none that will be used up', () => {
    const detector = new PartitionDetector(0)
    const found: AnomalyMessage[] = []
    for (let minute = 0; minute < 4 * 1440; minute++) {
      const wave = 50 + 20 * Math.sin((2 * Math.PI * minute) / 1440) + ((minute * 7919) % 97) / 97
      const one = round(4 * minute, () => wave, { metrics: ['quota_used_pct'] })
      const messages = feed([{ ...one, metrics: [{ name: 'quota_used_pct', intervalMs: 60_000 }] }], detector)
      // On its first day nobody can know.
      if (minute >= 1440) found.push(...messages)
    }
    assert.deepEqual(named(found), [])
  })
  it('forgets the replicas of workloads that are not measured any more', () => {
    const detector = new PartitionDetector(0)
    for (let i = 0; i < 50; i++)
      feed(
        rounds(i * 4, i * 4 + 4, undefined, { pods: [`job-${i}-x`] }).map((batch) => ({
          ...batch,
          targets: [{ kind: 'Job', namespace: 'shop', name: `job-${i}` }],
        })),
        detector,
      )
    feed([tick(T0 + DAY_MS), tick(T0 + DAY_MS)], detector)
    assert.equal(detector.state().metrics.siblings.length, 0)
  })
})
