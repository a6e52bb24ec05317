import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { ACTIONS } from '@kubewise/policy'
import { LABELS } from '../../services/executor/src/fixture/history.ts'
import { VICTIMS } from './victims.ts'

/** `crashpoint('after-lock')`, and those of a write: `at('before-send')`, with `undo-` before them on the way back. */
const LABEL = /\b(?:crashpoint|at)\([`'](\$\{slot\.prefix\})?([a-z-]+)[`']\)/g

function labelsInTheExecutor(): Set<string> {
  const files = globSync('services/executor/src/**/*.ts', {
    exclude: ['**/*.test.ts', '**/fixture/**'],
  })
  const found = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .matchAll(LABEL)
      .flatMap(([text, prefix, label = '']) => (prefix || text.startsWith('at') ? [label, `undo-${label}`] : [label]))
      .toArray(),
  )
  return new Set(found)
}

/** Where something cannot be taken back yet: no victim's way. Histories in virtual time, and the executor's own tests, die there. */
const OFF_THE_WAY = ['after-owed']

describe('the places where executors are killed', () => {
  it('are all that there are in the code', () =>
    assert.deepEqual(
      labelsInTheExecutor(),
      new Set([...OFF_THE_WAY, ...VICTIMS.flatMap(({ places }) => places.filter((place) => !place.includes('@')))]),
    ))

  it('are those that a history in virtual time can choose', () =>
    assert.deepEqual(labelsInTheExecutor(), new Set(LABELS)))

  it('are those of every action, and of the way back of all that can be taken back', () => {
    const active = ACTIONS.filter(({ isPassive }) => !isPassive)
    const ways = active.flatMap(({ name, undo }) => [
      `${name} recovered`,
      ...(undo.how !== 'none' ? [`${name} undone`] : []),
    ])
    assert.deepEqual(new Set(VICTIMS.map(({ action, ends }) => `${action} ${ends}`)), new Set(ways))
  })
})
