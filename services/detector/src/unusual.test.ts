import type { AnomalyMessage, AnomalyOpened, Feedback, KubernetesEvent, Signal } from '@kubewise/contracts'
import assert from 'node:assert/strict'
import { PartitionDetector, type PartitionSettings } from './partition-detector.ts'
import { batch, feed, opened, pod, SECOND, T0, tick, web } from './signals.test-data.ts'
import { ordinary, round, rounds, STEP_MS } from './unusual.test-data.ts'

const KNOWN_FOR = 400

const named = (messages: readonly AnomalyMessage[]) => opened(messages).map(({ rule }) => rule.name)

const unusual = (messages: readonly AnomalyMessage[]) =>
  opened(messages).find(({ rule }) => rule.name === 'entity-unusual')

/** From a step on, two metrics of four are so much higher. */
const raised =
  (from: number, by: number) =>
  (step: number, metric: number, podIndex: number): number =>
    ordinary(step, metric, podIndex) + (step >= from && metric < 2 ? by : 0)

/** Enough for an alert, and not much more. */
const JUST = 25
const fault = [...rounds(0, KNOWN_FOR), ...rounds(KNOWN_FOR, KNOWN_FOR + 8, raised(KNOWN_FOR, JUST))]

const word = (anomaly: AnomalyOpened, verdict: 'useful' | 'noise', author = 'ann', i = 0): Signal => {
  const { signature, sample } = anomaly.explanation!
  const feedback: Feedback = {
    _id: `${author}-${anomaly.id}-${i}`,
    version: 1,
    anomaly: anomaly.id,
    target: web,
    author,
    verdict,
    signature,
    sample,
    givenMs: T0,
  }
  return { kind: 'control', cluster: 'test', partition: 0, sentMs: T0, change: { type: 'feedback', feedback } }
}

const warning = (atMs: number, i: number): KubernetesEvent => ({
  kind: 'kubernetes-event',
  cluster: 'test',
  uid: `event-${i}`,
  type: 'Warning',
  reason: 'SomethingOdd',
  message: 'x',
  entity: { cluster: 'test', kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
  target: web,
  count: 5,
  firstMs: atMs,
  lastMs: atMs,
})

describe('PartitionDetector: entities', () => {
  it('says nothing of a pod in ordinary times', () => {
    assert.deepEqual(feed(rounds(0, 1500)), [])
  })
  it('finds a pod of which several metrics leave what they were, and says which', () => {
    const found = unusual(feed(fault))!
    assert.equal(found.entity.name, 'web-1')
    assert.ok(found.detectedMs <= T0 + (KNOWN_FOR + 4) * STEP_MS)
    const { contributors, isDuringRollout, historyMs, views } = found.explanation!
    assert.ok(
      contributors
        .slice(0, 2)
        .every(({ observed, high, z, share }) => observed > high && z > 3 && share > 0 && share <= 1),
    )
    assert.equal(isDuringRollout, false)
    assert.equal(historyMs, found.detectedMs - T0 - STEP_MS)
    assert.ok(views['agreement']! > 1.5)
    assert.match(
      found.say,
      /^\w+_pct is [\d.]+, above the [\d.]+ expected by \d+ standard deviations, with .+; once in about/,
    )
    assert.ok((found.window?.value.length ?? 0) > 5)
  })
  it('ends it when the pod is as usual again', () => {
    const after = rounds(KNOWN_FOR + 8, KNOWN_FOR + 200)
    const messages = feed([...fault, ...after])
    const { id } = unusual(messages)!
    assert.ok(messages.some((message) => message.kind === 'anomaly-resolved' && message.id === id))
  })
  it('needs a deviation of practical meaning, however regular the metrics were', () => {
    const flat = (step: number, metric: number) => 20 + metric + (step >= KNOWN_FOR ? 12 : 0)
    assert.deepEqual(feed(rounds(0, KNOWN_FOR + 8, flat)), [])
  })
  it('asks for more during a rollout, and says so', () => {
    const change = pod(T0 + (KNOWN_FOR - 2) * STEP_MS, { revision: 'b' })
    const before = pod(T0, { revision: 'a' })
    const quiet = [before, ...rounds(0, KNOWN_FOR), ...rounds(KNOWN_FOR, KNOWN_FOR + 8, raised(KNOWN_FOR, JUST))]
    assert.ok(unusual(feed(quiet)))
    const rolled = [...quiet.slice(0, KNOWN_FOR - 1), change, ...quiet.slice(KNOWN_FOR - 1)]
    assert.equal(unusual(feed(rolled)), undefined)
    const loud = [...rolled.slice(0, KNOWN_FOR + 2), ...rounds(KNOWN_FOR, KNOWN_FOR + 8, raised(KNOWN_FOR, 75))]
    assert.equal(unusual(feed(loud))?.explanation?.isDuringRollout, true)
  })
  it('hears Events of its workload as evidence, never alone', () => {
    const at = T0 + (KNOWN_FOR - 1) * STEP_MS
    const burst = [0, 1, 2, 3].map((i) => warning(at, i))
    const one = (step: number, metric: number, podIndex: number) =>
      ordinary(step, metric, podIndex) + (step >= KNOWN_FOR && metric === 1 ? 30 : 0)
    const weak = [...rounds(0, KNOWN_FOR), ...rounds(KNOWN_FOR, KNOWN_FOR + 8, one)]
    assert.equal(unusual(feed(weak)), undefined)
    const both = [...weak.slice(0, KNOWN_FOR), ...burst, ...weak.slice(KNOWN_FOR)]
    const found = unusual(feed(both))!
    assert.equal(found.explanation?.events[0]?.reason, 'SomethingOdd')
    assert.match(found.say, /with Events of SomethingOdd/)
    assert.equal(unusual(feed([...rounds(0, KNOWN_FOR), ...burst, ...rounds(KNOWN_FOR, KNOWN_FOR + 8)])), undefined)
  })
})

describe('PartitionDetector: people’s words', () => {
  const again = (from: number, by: number) => [
    ...rounds(from, from + 500),
    ...rounds(from + 500, from + 508, raised(from + 500, by)),
  ]
  it('move what is asked of alerts like it, by a decade at most, and are told in the next one', () => {
    const tell = (verdict: 'useful' | 'noise') => {
      const detector = new PartitionDetector(0)
      const first = unusual(feed(fault, detector))!
      feed(
        Array.from({ length: 40 }, (_, i) => word(first, verdict, `author ${i}`)),
        detector,
      )
      return { detector, first }
    }
    const { detector, first } = tell('useful')
    const next = unusual(feed(again(KNOWN_FOR + 8, JUST), detector))!
    assert.equal(next.explanation?.signature, first.explanation?.signature)
    assert.ok(next.explanation!.feedbackDecades < -0.2 && next.explanation!.feedbackDecades >= -1)
    assert.deepEqual(next.explanation?.similar, { anomaly: first.id, startedMs: first.startedMs, verdict: 'useful' })
    const noisy = tell('noise')
    assert.equal(unusual(feed(again(KNOWN_FOR + 8, 16), noisy.detector)), undefined)
    const unheard = new PartitionDetector(0)
    feed(fault, unheard)
    assert.ok(unusual(feed(again(KNOWN_FOR + 8, 16), unheard)))
    // What is loud enough is heard whatever was said of it.
    const loud = unusual(feed(again(KNOWN_FOR + 600, 400), noisy.detector))
    assert.ok(loud)
  })
  it('count once for each person, and may be taken back', () => {
    const once = new PartitionDetector(0)
    const first = unusual(feed(fault, once))!
    feed([word(first, 'noise'), word(first, 'noise'), word(first, 'useful')], once)
    const other = new PartitionDetector(0)
    feed(fault, other)
    feed([word(first, 'useful')], other)
    const labels = (detector: PartitionDetector) =>
      detector.state().judge.feedback.signatures.map(([name, { useful, noise }]) => [name, useful, noise])
    assert.deepEqual(labels(once), labels(other))
  })
  for (const feedbackModel of ['logistic', 'forest'] as const)
    it(`train the ${feedbackModel} once there are hundreds`, () => {
      const detector = new PartitionDetector(0, { feedbackModel })
      const first = unusual(feed(fault, detector))!
      feed(
        Array.from({ length: 600 }, (_, i) => {
          const isPod = i % 2 === 0
          const sample = first.explanation!.sample.map((x, at) => (at === 3 ? Number(isPod) : x))
          return word({ ...first, explanation: { ...first.explanation!, sample } }, isPod ? 'useful' : 'noise', `a${i}`)
        }),
        detector,
      )
      const next = unusual(feed(again(KNOWN_FOR + 8, JUST), detector))!
      assert.ok(next.explanation!.feedbackDecades < -0.2, String(next.explanation!.feedbackDecades))
    })
})

describe('PartitionDetector: single series', () => {
  const known = { unit: 'seconds', bad: 'up', floor: 0.005, minEffect: 0.1, isServiceLevel: true } as const
  const latency = (from: number, to: number, level = 0.3, isBackfill = false) =>
    rounds(from, to, (step) => level + 0.01 * Math.sin(step / 5), { metrics: ['latency_seconds'], known, isBackfill })
  it('gives an alert of its own for a service level', () => {
    const found = opened(feed([...latency(0, 400, 0.3, true), ...latency(400, 440), ...latency(440, 460, 2.4)]))
    assert.deepEqual(
      found.map(({ rule, severity }) => [rule.name, severity]),
      [['service-level:latency_seconds', 'warning']],
    )
    assert.match(found[0]!.say, /latency_seconds is 2\.4.*, above the 0\.3.* expected/)
    assert.ok(found[0]!.detectedMs - (T0 + 440 * STEP_MS) <= 3 * STEP_MS)
  })
  it('says nothing where a service level is better than ever', () => {
    assert.deepEqual(feed([...latency(0, 400, 0.3, true), ...latency(400, 440), ...latency(440, 460, 0.01)]), [])
  })
  /** One early peak, which trees that never forget a range need to see another one. */
  const peaked = (step: number) => (step === 5 ? 500 : ordinary(step, 0, 0))
  const jump = [...rounds(0, 700, peaked, { metrics: ['x'] }), ...rounds(700, 706, () => 500, { metrics: ['x'] })]
  it('can be judged by Half-Space Trees, as the original was', () => {
    const settings: PartitionSettings = { model: 'half-space-trees', thresholds: { default: 0.7 } }
    assert.deepEqual(named(feed(jump, new PartitionDetector(0, settings))), ['metric-level:x'])
    assert.deepEqual(feed(jump.slice(0, 700), new PartitionDetector(0, settings)), [])
    const deaf = { ...settings, thresholds: { x: 1 } }
    assert.deepEqual(feed(jump, new PartitionDetector(0, deaf)), [])
  })
  it('asks for as many deviations as the metric’s threshold says', () => {
    const far = (thresholds: Record<string, number>) => {
      const detector = new PartitionDetector(0, { thresholds })
      return named(
        feed(
          [...rounds(0, 700, undefined, { metrics: ['x'] }), ...rounds(700, 706, () => 55, { metrics: ['x'] })],
          detector,
        ),
      )
    }
    assert.deepEqual(far({ x: 0.5 }), ['metric-level:x'])
    assert.deepEqual(far({ x: 1 }), [])
  })
  it('takes a change of what hardly ever changes, and of which nothing is known, for no disaster', () => {
    const replicas = (from: number, to: number, value: number) => rounds(from, to, () => value, { metrics: ['own'] })
    assert.deepEqual(feed([...replicas(0, 400, 3), ...replicas(400, 440, 4)]), [])
  })
  it('does not learn a sample from the future, and goes on', () => {
    const detector = new PartitionDetector(0)
    feed(rounds(0, 50), detector)
    const ahead = { ...round(50), startMs: T0 + 24 * 3_600_000 }
    feed([ahead], detector)
    assert.equal(detector.tally.refused.ahead, 4)
    const clean = new PartitionDetector(0)
    feed(rounds(0, 50), clean)
    feed(rounds(51, 60), detector)
    feed(rounds(51, 60), clean)
    assert.deepEqual(detector.state().metrics.models, clean.state().metrics.models)
  })
})

describe('PartitionDetector: after a gap', () => {
  it('judges nothing for twelve samples', () => {
    const hole = 100
    const after = (steps: number) => [
      ...rounds(0, KNOWN_FOR),
      ...rounds(KNOWN_FOR + hole, KNOWN_FOR + hole + steps, raised(0, 400)),
    ]
    assert.deepEqual(feed(after(12)), [])
  })
})

describe('PartitionDetector: young pods', () => {
  it('inherit the season of their workload', () => {
    const day = 96
    const season = (step: number) => 40 + 30 * Math.sin((2 * Math.PI * step) / day)
    const of = (name: string, i: number) => ({
      ...batch(T0 + i * 900 * SECOND, { [name]: season(i) }, 'pod_memory_utilization_pct'),
      metrics: [{ name: 'pod_memory_utilization_pct', intervalMs: 900 * SECOND }],
    })
    const detector = new PartitionDetector(0)
    feed(
      Array.from({ length: 10 * day }, (_, i) => of('web-1', i)),
      detector,
    )
    feed([of('web-2', 10 * day)], detector)
    const [elder, young] = detector.state().metrics.models
    assert.deepEqual(young!.forecast.visits.length, elder!.forecast.visits.length)
    assert.deepEqual(young!.forecast.season, elder!.forecast.season)
  })
})

describe('PartitionDetector: killed anywhere', () => {
  it('goes on to the bit: the same messages, and the same state', () => {
    const known = { unit: 'seconds', bad: 'up', floor: 0.005, minEffect: 0.1, isServiceLevel: true } as const
    const signals: Signal[] = [
      ...rounds(0, 150, undefined, { metrics: ['latency_seconds'], known, isBackfill: true }),
      pod(T0, { revision: 'a' }),
      ...rounds(150, 260, undefined, { pods: ['web-1', 'web-2'] }).flatMap((signal, i): Signal[] => [
        signal,
        ...rounds(150 + i, 151 + i, undefined, { metrics: ['latency_seconds'], known }),
        ...(i % 20 === 7 ? [warning(signal.collectedMs, i), tick(signal.collectedMs)] : []),
        ...(i === 50 ? [pod(signal.collectedMs, { revision: 'b' })] : []),
      ]),
      ...rounds(260, 268, raised(260, 60), { pods: ['web-1', 'web-2'] }),
      ...rounds(260, 268, raised(260, 60), { metrics: ['latency_seconds'], known }),
      ...rounds(268, 330, undefined, { pods: ['web-1', 'web-2'] }),
      tick(T0 + 330 * STEP_MS),
    ]
    for (const model of ['forecast', 'half-space-trees'] as const) {
      const settings: PartitionSettings = { model, feedbackModel: 'forest' }
      const whole = new PartitionDetector(0, settings)
      const messages = feed(signals, whole)
      assert.ok(named(messages).includes('entity-unusual'))
      let killed = new PartitionDetector(0, settings)
      const told: AnomalyMessage[] = []
      for (const [i, signal] of signals.entries()) {
        told.push(...killed.handle(signal, i + 1, 1))
        if (i % 41 !== 40) continue
        const state = JSON.parse(JSON.stringify(killed.state())) as ReturnType<PartitionDetector['state']>
        killed = new PartitionDetector(0, settings)
        killed.restore(state)
      }
      assert.deepEqual(told, messages)
      assert.deepEqual(JSON.parse(JSON.stringify(killed.state())), JSON.parse(JSON.stringify(whole.state())))
    }
  })
})
