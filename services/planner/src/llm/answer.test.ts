import assert from 'node:assert/strict'
import { actionNamed } from '@kubewise/policy'
import type { Candidate } from '../candidates/candidates.ts'
import { checkAnswer } from './answer.ts'
import { evidenceHash, promptOf, questionOf, type PromptParts } from './prompt.ts'
import type { LlmFailure } from './provider.ts'

const action = actionNamed('scale@1') ?? assert.fail('no scale@1')
const restart = actionNamed('restart@1') ?? assert.fail('no restart@1')
const object = { kind: 'Deployment', namespace: 'shop', name: 'web' }
const CANDIDATES: Candidate[] = [
  { id: 'c1', action, object, with: {}, bounds: { replicas: { min: 4, max: 5 } }, say: 'Add pods.' },
  { id: 'c2', action: restart, object, with: {}, bounds: {}, say: 'Restart.' },
]
const line = (id: string, path: string, isPassing = false) => ({ id: `fact:${id}`, path, text: 'true', isPassing })
const PARTS: PromptParts = {
  evidence: {
    lines: [line('a', 'a'), line('pods/1.ready', 'pods/web-0.ready'), line('b', 'b', true)],
    alias: () => 'name-1',
  },
  candidates: CANDIDATES,
  templates: [],
}
const GOOD = {
  candidate: 'c1',
  parameters: { replicas: 5 },
  cites: ['fact:a'],
  cause: 'budget-deadlock',
  reasoning: 'So it is.',
}

describe('an answer of a model', () => {
  it('that holds in every part is taken, and cites by the real names', () => {
    const checked = checkAnswer(JSON.stringify({ ...GOOD, cites: ['fact:pods/1.ready', 'fact:a', 'fact:a'] }), PARTS)
    assert.deepEqual(checked.ok && [checked.chosen.parameters, checked.chosen.cites], [
      { replicas: 5 },
      ['pods/web-0.ready', 'a'],
    ])
  })

  const cases: [string, object, LlmFailure | 'taken'][] = [
    ['with the least that may be', { parameters: { replicas: 4 } }, 'taken'],
    ['with less', { parameters: { replicas: 3 } }, 'out-of-bounds'],
    ['with more', { parameters: { replicas: 6 } }, 'out-of-bounds'],
    ['with half a pod', { parameters: { replicas: 4.5 } }, 'out-of-bounds'],
    ['without the number', { parameters: {} }, 'out-of-bounds'],
    ['with a number that is null', { parameters: { replicas: null } }, 'out-of-bounds'],
    ['with a number that is not open', { parameters: { replicas: 4, force: 1 } }, 'out-of-bounds'],
    ['with a number of another candidate', { candidate: 'c2' }, 'out-of-bounds'],
    ['with null for those of others', { candidate: 'c2', parameters: { replicas: null } }, 'taken'],
    ['with a number as text', { parameters: { replicas: '4' } }, 'wrong-schema'],
    ['none, whatever the numbers', { candidate: 'none' }, 'taken'],
    ['that names the action', { candidate: 'scale@1' }, 'unknown-candidate'],
    ['that cites nothing', { cites: [] }, 'uncited'],
    ['that cites by the real name', { cites: ['fact:pods/web-0.ready'] }, 'unknown-fact'],
    ['with another cause', { cause: 'gremlins' }, 'wrong-schema'],
    ['with more than is wanted', { command: 'kubectl' }, 'wrong-schema'],
  ]
  for (const [what, given, expected] of cases)
    it(`${what}: ${expected}`, () => {
      const checked = checkAnswer(JSON.stringify({ ...GOOD, ...given }), PARTS)
      assert.equal(checked.ok ? 'taken' : checked.code, expected)
      if (!checked.ok) assert.ok(checked.errors.length > 0)
    })
})

describe('a question', () => {
  it('stands between marks of its own request, and is the same question under others', () => {
    const question = questionOf(PARTS)
    const [one, other] = [promptOf(question, 'aaaa'), promptOf(question, 'bbbb')]
    assert.match(one.text, /^<<<DATA aaaa>>>\n[^]*\n<<<END aaaa>>>$/)
    assert.notEqual(one.text, other.text)
    assert.equal(one.hash, other.hash)
  })

  it('is the same evidence while only what moves by itself has moved, and another when anything else has', () => {
    const withText = (index: number): PromptParts => ({
      ...PARTS,
      evidence: {
        ...PARTS.evidence,
        lines: PARTS.evidence.lines.map((each, at) => (at === index ? { ...each, text: 'x' } : each)),
      },
    })
    const hash = evidenceHash('m', PARTS)
    assert.equal(evidenceHash('m', withText(2)), hash)
    assert.notEqual(evidenceHash('m', withText(0)), hash)
    assert.notEqual(evidenceHash('other', PARTS), hash)
    assert.notEqual(evidenceHash('m', { ...PARTS, candidates: CANDIDATES.slice(1) }), hash)
  })
})
