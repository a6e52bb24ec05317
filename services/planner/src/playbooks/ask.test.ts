import assert from 'node:assert/strict'
import { loadPlaybook } from '@kubewise/playbooks'
import { factsLike } from '../fixture/facts.ts'
import { askPlaybooks } from './ask.ts'

/** A playbook of three steps, of which the second is not always taken, asked once. */
function needsOf(steps: string): Record<string, readonly string[]> {
  const loaded = loadPlaybook(
    'three.yaml',
    `apiVersion: kubewise.io/v1
kind: Playbook
metadata: { name: three }
spec:
  summary: Three.
  cause: three
  when: "true"
  expect: { withinSeconds: 60, holds: [workload-available] }
  steps:
${steps}
`,
  )
  assert.ok('playbook' in loaded, JSON.stringify(loaded))
  const { answer, failures } = askPlaybooks([loaded.playbook], factsLike({}))
  assert.deepEqual(failures, [])
  assert.ok(answer && 'steps' in answer)
  return Object.fromEntries(answer.steps.map(({ id, needs }) => [id, needs]))
}

describe('the steps of a playbook', () => {
  it('that follow one that is left out wait for what that one waited for', () =>
    assert.deepEqual(
      needsOf(`    - { id: a, action: escalate@1 }
    - { id: b, action: escalate@1, when: "false" }
    - { id: c, action: escalate@1, when: "false" }
    - { id: d, action: escalate@1 }`),
      { a: [], d: ['a'] },
    ))

  it('keep the needs that they name', () =>
    assert.deepEqual(
      needsOf(`    - { id: a, action: escalate@1, needs: [] }
    - { id: b, action: escalate@1, needs: [] }
    - { id: c, action: escalate@1, needs: [a, b] }`),
      { a: [], b: [], c: ['a', 'b'] },
    ))
})
