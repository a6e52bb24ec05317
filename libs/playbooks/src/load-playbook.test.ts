import assert from 'node:assert/strict'
import { loadPlaybook } from './load-playbook.ts'
import { toldMistake } from './position.ts'

const PLAYBOOK = `apiVersion: kubewise.io/v1
kind: Playbook
metadata: { name: mine }
spec:
  summary: Mine.
  cause: mine
  when: >-
    target.kind == 'Deployment'
    && rollout.lastHealthy.exists
  not:
    - { code: late, when: "rollout.ageSeconds > 60.0", say: Too late. }
  steps:
    - id: back
      action: rollback@1
      with: { toRevision: { fact: rollout.lastHealthy.revision } }
  expect: { withinSeconds: 60, holds: [signal-cleared] }
`

const told = (text: string) => {
  const loaded = loadPlaybook('mine.yaml', text)
  return 'mistakes' in loaded ? loaded.mistakes.map(toldMistake) : []
}

describe('a playbook from a file', () => {
  it('is taken when every fact, action and parameter exists', () => {
    const loaded = loadPlaybook('mine.yaml', PLAYBOOK)
    assert.ok('playbook' in loaded)
    assert.equal(loaded.playbook.order, 100)
    assert.deepEqual(
      loaded.playbook.steps.map(({ id, action, needs }) => [id, action.name, needs]),
      [['back', 'rollback@1', []]],
    )
    assert.deepEqual(loaded.playbook.cites, [
      'rollout.lastHealthy.exists',
      'rollout.lastHealthy.revision',
      'target.kind',
    ])
  })

  it('takes the original’s names of actions', () => {
    const loaded = loadPlaybook('mine.yaml', PLAYBOOK.replace('rollback@1', 'rollback_deployment'))
    assert.ok('playbook' in loaded)
    assert.equal(loaded.playbook.steps[0]?.action.name, 'rollback@1')
  })

  it('lets steps follow each other unless they say otherwise', () => {
    const twice = `
  steps:
    - { action: restart@1 }
    - { action: restart@1 }
    - { action: escalate@1, needs: [] }
  expect:`
    const loaded = loadPlaybook('mine.yaml', PLAYBOOK.replace(/\n {2}steps:[^]*expect:/, twice))
    assert.ok('playbook' in loaded)
    assert.deepEqual(
      loaded.playbook.steps.map(({ id, needs }) => [id, needs]),
      [
        ['step-1', []],
        ['step-2', ['step-1']],
        ['step-3', []],
      ],
    )
  })

  it('is refused for a misspelt fact, with line, column and a caret under it, also in folded text', () => {
    assert.deepEqual(told(PLAYBOOK.replace('lastHealthy.exists', 'lastHealty.exists')), [
      [
        'mine.yaml:9:16: spec.when: No such key: lastHealty',
        '      && rollout.lastHealty.exists',
        '                 ^',
      ].join('\n'),
    ])
  })

  it('is refused for a wrong type', () => {
    assert.deepEqual(told(PLAYBOOK.replace("target.kind == 'Deployment'", 'target.kind == 3')), [
      ['mine.yaml:8:5: spec.when: no such overload: string == int', '      target.kind == 3', '      ^'].join('\n'),
    ])
  })

  it('is refused for a condition inside quotes, at the place inside them', () => {
    assert.deepEqual(told(PLAYBOOK.replace('rollout.ageSeconds > 60.0', 'rollout.age > 60.0')), [
      [
        'mine.yaml:11:36: spec.not.0.when: No such key: age',
        '      - { code: late, when: "rollout.age > 60.0", say: Too late. }',
        '                                     ^',
      ].join('\n'),
    ])
  })

  const cases: [string, [string | RegExp, string], RegExp][] = [
    [
      'a condition that is none',
      ["target.kind == 'Deployment'\n    && rollout.lastHealthy.exists", 'target.kind'],
      /8:5: spec\.when: expected a condition \(bool\), got string/,
    ],
    ['broken syntax', ['rollout.lastHealthy.exists', 'rollout.'], /9:\d+: spec\.when: /],
    [
      'a regular expression',
      ["target.kind == 'Deployment'", "target.name.matches('(a+)+')"],
      /matches\(\) is not available/,
    ],
    [
      'an action that does not exist',
      ['rollback@1', 'reboot@1'],
      /14:15: spec\.steps\.0\.action: there is no action 'reboot@1'; there are: rollback@1/,
    ],
    ['a version that does not exist', ['rollback@1', 'rollback@9'], /there is no action 'rollback@9'/],
    [
      'a parameter that does not exist',
      ['toRevision:', 'revision:'],
      /rollback@1 (has no such parameter; there are: toRevision|needs the parameter 'toRevision')/,
    ],
    [
      'a fact that does not exist as a value',
      ['fact: rollout.lastHealthy.revision', 'fact: rollout.lastHealthy.number'],
      /there is no fact 'rollout\.lastHealthy\.number'/,
    ],
    [
      'a fact of another type as a value',
      ['fact: rollout.lastHealthy.revision', 'fact: rollout.current'],
      /expected a integer, got the fact 'rollout\.current', which is a string/,
    ],
    [
      'a literal out of bounds',
      ['{ fact: rollout.lastHealthy.revision }', '0'],
      /15:27: spec\.steps\.0\.with\.toRevision: .*>= 1/,
    ],
    [
      'a member that the form does not know',
      ['cause: mine', 'cause: mine\n  script: rm -rf /'],
      /additional propert.*'script'/,
    ],
    [
      'a step without an expectation',
      ['  expect: { withinSeconds: 60, holds: [signal-cleared] }\n', ''],
      /spec\.expect: expected where there are steps/,
    ],
    ['no YAML', ['kind: Playbook', 'kind: [Playbook'], /^mine\.yaml:\d+:\d+: /],
    ['another kind', ['kind: Playbook', 'kind: Deployment'], /kind: must be equal to constant/],
    ['another document beside it', ['apiVersion', 'a: 1\n---\napiVersion'], /document/],
  ]
  for (const [what, [from, to], expected] of cases)
    it(`is refused for ${what}`, () => assert.match(told(PLAYBOOK.replace(from, to)).join('\n'), expected))

  it('is refused with all its mistakes at once', () => {
    const wrong = PLAYBOOK.replace('lastHealthy.exists', 'lastHealty.exists').replace('rollback@1', 'reboot@1')
    assert.equal(told(wrong).length, 2)
  })

  it('is refused when it is no page but a flood', () => {
    assert.match(told(`${PLAYBOOK}# ${'x'.repeat(70_000)}`).join(''), /expected at most 65536 characters/)
    const bomb = Array.from(
      { length: 12 },
      (_, index) => `a${index}: &a${index} [${`*a${index - 1},`.repeat(index === 0 ? 0 : 9)}1]`,
    )
    assert.ok(told(bomb.join('\n')).length > 0)
  })
})
