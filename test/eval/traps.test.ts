import assert from 'node:assert/strict'
import { join } from 'node:path'
import { scoresOf } from './evaluate.ts'
import { readScenarios } from './read-scenario.ts'
import { trapVariants } from './variants.ts'

const FOLDER = join(import.meta.dirname, 'scenarios')
const VARIANTS = 200

describe('variants of the traps', () => {
  it('are the same from the same seed, and other ones from another', async () => {
    const traps = (await readScenarios(FOLDER)).scenarios.filter(({ isTrap }) => isTrap)
    assert.deepEqual(trapVariants(traps, 5), trapVariants(traps, 5))
    assert.notDeepEqual(trapVariants(traps, 5, 1), trapVariants(traps, 5, 2))
  })

  it('lead to no action, whatever their texts and alerts say', async () => {
    const traps = (await readScenarios(FOLDER)).scenarios.filter(({ isTrap }) => isTrap)
    const scores = await scoresOf(trapVariants(traps, VARIANTS))
    assert.equal(scores.length, VARIANTS)
    const acted = scores.filter(({ trapActions, harm }) => trapActions > 0 || harm.length > 0)
    assert.deepEqual(
      acted.map(({ title, action, harm }) => ({ title, action, harm })),
      [],
    )
  })
})
