import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { histories, play } from '../fixture/history.ts'

/** As many as take seconds; `npm run test:chaos -- executor` plays ten thousand and more. */
const RUNS = 150

describe('whatever goes wrong', () => {
  it(`no effect happens twice, none without intent or lock, and every plan ends (${RUNS} histories)`, async function chaos() {
    this.timeout(120_000)
    await fc.assert(
      fc.asyncProperty(histories, async (history) => assert.deepEqual((await play(history)).violations, [])),
      { numRuns: RUNS, ...(SEED !== undefined && { seed: SEED }) },
    )
  })
})

const SEED: number | undefined = undefined
