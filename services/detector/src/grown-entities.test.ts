import assert from 'node:assert/strict'
import { PartitionDetector } from './partition-detector.ts'
import { feed, opened } from './signals.test-data.ts'
import { ordinary, POD_METRICS, rounds, STEP_MS } from './unusual.test-data.ts'

const DAY_STEPS = 86_400_000 / STEP_MS
/** After a day, and the hour in which it warms up. */
const KNOWN_FOR = DAY_STEPS + 240

describe('PartitionDetector: entities that are known for a day', () => {
  it('are judged by their own structure: a fault names the metrics that have part in it, quiet says nothing', () => {
    const detector = new PartitionDetector(0)
    assert.deepEqual(feed(rounds(0, KNOWN_FOR), detector), [])
    const before = JSON.parse(JSON.stringify(detector.state())) as ReturnType<PartitionDetector['state']>
    assert.deepEqual(feed(rounds(KNOWN_FOR, KNOWN_FOR + 240), detector, KNOWN_FOR), [])

    const again = new PartitionDetector(0)
    again.restore(before)
    const raised = (step: number, metric: number, pod: number) => ordinary(step, metric, pod) + (metric < 2 ? 40 : 0)
    const messages = opened(feed(rounds(KNOWN_FOR, KNOWN_FOR + 8, raised), again, KNOWN_FOR))
    const found = messages.find(({ rule }) => rule.name === 'entity-unusual')
    assert.ok(found?.explanation)
    const { views, contributors, oncePerDays } = found.explanation
    assert.deepEqual(Object.keys(views).toSorted(), ['jump', 'structure', 'surprise'])
    assert.deepEqual(
      contributors
        .slice(0, 2)
        .map(({ name }) => name)
        .toSorted(),
      POD_METRICS.slice(0, 2).toSorted(),
    )
    assert.ok(contributors.slice(0, 2).every(({ observed, high }) => observed > high))
    assert.ok(oncePerDays > 1)
  })
})
