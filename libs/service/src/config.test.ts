import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Type, type TObject } from 'typebox'
import { ConfigError, loadConfig, type Environment } from './config.ts'
import { Duration } from './fields.ts'

const Queries = Type.Array(
  Type.Object({ query: Type.String(), interval: Type.Optional(Duration('s')) }, { additionalProperties: false }),
)
const Everything = Type.Object({
  REQUIRED: Type.String({ minLength: 1 }),
  COUNT: Type.Integer({ default: 5, minimum: 1, maximum: 10 }),
  SHARE: Type.Number({ default: 0.5, minimum: 0, maximum: 1 }),
  WANTED: Type.Boolean({ default: false }),
  MODE: Type.Enum(['observe', 'auto'], { default: 'observe' }),
  REST: Duration('s', { default: 30 }),
  AT_LEAST: Duration('s', { default: 30, minimum: 5 }),
  NAMES: Type.Array(Type.String(), { default: ['a'] }),
  QUERIES: Type.Optional(Queries),
  TOKEN: Type.Optional(Type.String({ secret: true, pattern: '^tok-' })),
  KEYS: Type.Optional(Type.Object({ key: Type.Integer() }, { secret: true })),
})

function mistakes(schema: TObject, env: Environment): readonly string[] {
  try {
    loadConfig(schema, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.mistakes
  }
  return []
}

describe('loadConfig', () => {
  it('takes defaults for what is not set', () =>
    assert.deepEqual(loadConfig(Everything, { REQUIRED: 'x' }), {
      REQUIRED: 'x',
      COUNT: 5,
      SHARE: 0.5,
      WANTED: false,
      MODE: 'observe',
      REST: 30,
      AT_LEAST: 30,
      NAMES: ['a'],
    }))

  it('gives each field its type', () => {
    const config = loadConfig(Everything, {
      REQUIRED: 'x',
      COUNT: '7',
      SHARE: '.25',
      WANTED: 'yes',
      MODE: 'auto',
      REST: '5m',
      NAMES: 'a,b',
      QUERIES: '[{"query": "up", "interval": "30s"}]',
    })
    const count: number = config.COUNT
    const mode: 'observe' | 'auto' = config.MODE
    assert.deepEqual([count, config.SHARE, config.WANTED, mode, config.REST], [7, 0.25, true, 'auto', 300])
    assert.deepEqual(config.NAMES, ['a', 'b'])
    assert.deepEqual(config.QUERIES, [{ query: 'up', interval: 30 }])
  })

  it('lets the environment win over the .env file', () => {
    const dotenv = 'REQUIRED=from-file\nCOUNT=3\n# a comment\nMODE="auto"\n'
    const config = loadConfig(Everything, { COUNT: '4' }, dotenv)
    assert.deepEqual([config.REQUIRED, config.COUNT, config.MODE], ['from-file', 4, 'auto'])
  })

  it('takes a variable that is set but empty for not set', () => {
    const config = loadConfig(Everything, { REQUIRED: '', COUNT: ' ' }, 'REQUIRED=from-file')
    assert.deepEqual([config.REQUIRED, config.COUNT], ['from-file', 5])
  })

  it('gives each caller defaults of its own', () => {
    loadConfig(Everything, { REQUIRED: 'x' }).NAMES.push('b')
    assert.deepEqual(loadConfig(Everything, { REQUIRED: 'x' }).NAMES, ['a'])
  })

  const cases: [Environment, string][] = [
    [{ COUNT: 'many' }, 'COUNT: expected a whole number from 1 to 10, got "many"'],
    [{ COUNT: '1.5' }, 'COUNT: expected a whole number from 1 to 10, got 1.5'],
    [{ COUNT: '11' }, 'COUNT: expected a whole number from 1 to 10, got 11'],
    [{ SHARE: '2' }, 'SHARE: expected a number from 0 to 1, got 2'],
    [{ WANTED: 'maybe' }, 'WANTED: expected true or false, got "maybe"'],
    [{ MODE: 'yolo' }, 'MODE: expected one of observe, auto, got "yolo"'],
    [{ REST: 'fast' }, 'REST: expected a duration such as 30s, got "fast"'],
    [{ REST: '-5' }, 'REST: expected a duration such as 30s, not negative, got -5'],
    [{ AT_LEAST: '1s' }, 'AT_LEAST: expected a duration such as 30s, at least 5 s, got 1'],
    [{ NAMES: '[1]' }, 'NAMES[0]: expected text that is not empty, got 1'],
    [{ QUERIES: '[{' }, 'QUERIES: expected a JSON list, got "[{"'],
    [{ QUERIES: '{}' }, 'QUERIES: expected a JSON list, got {}'],
    [
      { QUERIES: '[{"query": "up"}, {"query": "up", "interval": "fast"}]' },
      'QUERIES[1].interval: expected a duration such as 30s, got "fast"',
    ],
    [{ QUERIES: '[{}]' }, 'QUERIES[0].query: not set, expected text that is not empty'],
    [
      { QUERIES: '[{"query": "up", "intervall": 3}]' },
      'QUERIES[0].intervall: unknown, expected one of query, interval',
    ],
    [{ TOKEN: 'hunter2' }, 'TOKEN: expected text that matches ^tok-, got a value that is not shown'],
    [{ KEYS: '{"key": "hunter2"}' }, 'KEYS.key: expected a whole number, got a value that is not shown'],
  ]
  for (const [env, expected] of cases)
    it(expected, () => assert.deepEqual(mistakes(Everything, { REQUIRED: 'x', ...env }), [expected]))

  it('tells all mistakes at once, one for each setting', () =>
    assert.deepEqual(
      mistakes(Everything, { COUNT: 'many', SHARE: '2', MODE: 'yolo', QUERIES: '[{"interval": "x"}]' }),
      [
        'REQUIRED: not set, expected text that is not empty',
        'COUNT: expected a whole number from 1 to 10, got "many"',
        'SHARE: expected a number from 0 to 1, got 2',
        'MODE: expected one of observe, auto, got "yolo"',
        'QUERIES[0].query: not set, expected text that is not empty',
        'QUERIES[0].interval: expected a duration such as 30s, got "x"',
      ],
    ))

  it('cuts a long value', () => {
    const [said = ''] = mistakes(Everything, { REQUIRED: 'x', COUNT: 'x'.repeat(5000) })
    assert.ok(said.length < 150 && said.endsWith('(5002 characters)'), said)
  })

  it('never shows a secret, whatever is wrong with it', () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{8,20}$/), (secret) => {
        const told = mistakes(Everything, { REQUIRED: 'x', TOKEN: secret, KEYS: `{"key": "${secret}"}` })
        assert.equal(told.length, 2)
        assert.ok(!told.join().includes(secret))
      }),
    ))

  it('either gives what the schema says or a ConfigError, never anything else', () =>
    fc.assert(
      fc.property(
        fc.record({ REQUIRED: fc.string(), COUNT: fc.string(), QUERIES: fc.json(), REST: fc.string() }),
        (env) => {
          const told = mistakes(Everything, env)
          assert.ok(
            told.every((line) => /^(REQUIRED|COUNT|QUERIES|REST)/.test(line)),
            told.join(),
          )
        },
      ),
    ))
})
