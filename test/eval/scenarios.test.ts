import assert from 'node:assert/strict'
import { join } from 'node:path'
import { GATES, scoresOf, totalsOf } from './evaluate.ts'
import { readScenarios } from './read-scenario.ts'
import { lineOf } from './table.ts'

const FOLDER = join(import.meta.dirname, 'scenarios')

describe('the failure catalogue, replayed up to the plan', () => {
  it('has all 44 scenarios, without a mistake', async () => {
    const { scenarios, mistakes } = await readScenarios(FOLDER)
    assert.deepEqual(mistakes, [])
    assert.deepEqual(
      scenarios.map(({ id }) => id),
      Array.from({ length: 44 }, (_, index) => index + 1),
    )
  })

  it('is understood, answered rightly, and never made worse', async () => {
    const { scenarios } = await readScenarios(FOLDER)
    const scores = await scoresOf(scenarios)
    const totals = totalsOf(scores, [])
    const story = scores.map(lineOf).join('\n')
    assert.deepEqual(
      scores.flatMap(({ id, harm }) => harm.map((each) => `${id}: ${each}`)),
      [],
    )
    assert.equal(totals.trapActions, 0, story)
    assert.ok(totals.causeRight >= GATES.causeRight, story)
    assert.ok(totals.firstActionRight >= GATES.firstActionRight, story)
  })
})
