import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { INCIDENTS } from './planner-victims.ts'

const LABEL = /\bcrashpoint\(\s*'([^']+)'\s*\)/g
const CALL = /\bcrashpoint\(/g

const sources = globSync('services/planner/src/**/*.ts', {
  exclude: ['**/*.test.ts', 'services/planner/src/fixture/**'],
}).map((file) => readFileSync(file, 'utf8'))
const labels = sources.flatMap((text) => [...text.matchAll(LABEL)].map(([, label = '']) => label))

describe('the places where planners are killed', () => {
  it('are all that there are in the code', () => {
    const swept = INCIDENTS.flatMap(({ places }) => places.map((place) => place.replace(/@\d+$/, '')))
    assert.deepEqual([...new Set(swept)].sort(), [...new Set(labels)].sort())
  })

  it('are labelled by plain texts, which is how they are found', () =>
    assert.equal(labels.length, sources.flatMap((text) => [...text.matchAll(CALL)]).length))
})
