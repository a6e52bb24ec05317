import assert from 'node:assert/strict'
import { VirtualClock } from '@kubewise/testkit'
import { clusterClock } from './cluster-clock.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const NOW_MS = 1_800_000_000_000

describe('clusterClock', () => {
  const cases: [string, number | undefined, number][] = [
    ['is our own while it was not compared', undefined, NOW_MS],
    ['is our own where it is right', 0, NOW_MS],
    ['is our own where it is a little ahead', 5 * MINUTE, NOW_MS],
    ["is the API server's where ours is a day ahead", DAY, NOW_MS - DAY],
    ["is the API server's where ours is a day behind", -DAY, NOW_MS + DAY],
  ]
  for (const [what, aheadMs, expected] of cases)
    it(what, async () => {
      const own = new VirtualClock(NOW_MS)
      const clock = clusterClock(own, () => aheadMs)
      assert.equal(clock.now(), expected)
      const sleeping = clock.sleep(MINUTE)
      await own.advance(MINUTE)
      await sleeping
      assert.deepEqual([clock.now(), clock.monotonic()], [expected + MINUTE, own.monotonic()])
    })
})
