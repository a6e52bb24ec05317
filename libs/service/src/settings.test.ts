import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { Type } from 'typebox'
import { ConfigError, loadConfig, type Environment } from './config.ts'
import { recordLocation } from './record-location.ts'
import * as settings from './settings.ts'
import type { ProcessConfig } from './run.ts'
import { settingsWarnings } from './settings-warnings.ts'

const All = Type.Object({
  ...settings.processSettings,
  ...settings.clusterSettings,
  ...settings.busSettings,
  ...settings.recordSettings,
  ...settings.prometheusSettings,
  ...settings.breakerSettings,
  ...settings.detectorSettings,
  ...settings.remediationSettings,
  ...settings.apiSettings,
})
const load = (env: Environment) => loadConfig(All, { NATS_URL: 'nats://n:4222', ...env })

describe('settings', () => {
  it('have the defaults of the architecture', () => {
    const config: ReturnType<typeof load> & ProcessConfig = load({})
    assert.equal(config.LOG_LEVEL, 'info')
    assert.equal(config.KUBEWISE_MODE, 'observe')
    assert.equal(config.KUBEWISE_CLUSTER, 'default')
    assert.equal(config.PROM_URL, 'http://localhost:9090')
    assert.equal(config.PROM_QUERIES_POLL_INTERVAL, 15)
    assert.equal(config.REMEDIATION_COOLDOWN_SECONDS, 300)
    assert.deepEqual(settings.budgetsOf(config), {
      maxParallel: 5,
      maxParallelPerNamespace: 3,
      maxPerHour: 60,
      maxPerHourPerNamespace: 20,
    })
    assert.deepEqual(config.ANOMALY_THRESHOLDS, { default: 0.85, memory: 0.95 })
  })

  const readings: [keyof ReturnType<typeof load>, string, unknown][] = [
    ['LOG_LEVEL', 'WARNING', 'warn'],
    ['LOG_LEVEL', 'CRITICAL', 'fatal'],
    ['LOG_LEVEL', 'DEBUG', 'debug'],
    ['LOG_LEVEL', 'trace', 'trace'],
    ['KUBEWISE_MODE', 'AUTO', 'auto'],
    ['PROM_QUERIES_POLL_INTERVAL', '1m', 60],
    ['PROM_URL', 'http://prometheus:9090/prom//', 'http://prometheus:9090/prom'],
    ['PROM_URL', ' none\n', 'none'],
    [
      'PROM_QUERIES',
      '{"up": "up", "cpu": {"query": "rate(x[1m])", "interval": "30s"}}',
      [
        { name: 'up', query: 'up' },
        { name: 'cpu', query: 'rate(x[1m])', interval: 30 },
      ],
    ],
    ['PROM_QUERIES', '[{"query": "up", "metric_type": "up"}]', [{ name: 'up', query: 'up' }]],
    ['MONGO_URI', 'mongodb://m\n', 'mongodb://m'],
    ['REMEDIATION_COOLDOWN_SECONDS', '5m', 300],
    ['REMEDIATION_COOLDOWN_SECONDS', '10', 10],
    ['BLACKLISTED_NAMESPACES', '["monitoring"]', ['monitoring']],
    ['BLACKLISTED_NAMESPACES', 'monitoring, kube-public', ['monitoring', 'kube-public']],
    ['KUBEWISE_WEBHOOK_URL', ' https://hooks.example/x/', 'https://hooks.example/x/'],
  ]
  for (const [name, text, expected] of readings)
    it(`${name}=${text}`, () => assert.deepEqual(load({ [name]: text })[name], expected))

  const refusals: [Environment, string][] = [
    [
      { KUBEWISE_CLUSTER: 'a.b' },
      'KUBEWISE_CLUSTER: expected a name of letters, digits, - and _, at most 64, got "a.b"',
    ],
    [{ LOG_LEVEL: 'LOUD' }, 'LOG_LEVEL: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got "loud"'],
    [{ PORT: '70000' }, 'PORT: expected a whole number from 0 to 65535, got 70000'],
    [
      { MONGO_URI: 'postgres://u:hunter2@h' },
      'MONGO_URI: expected an address such as mongodb://localhost:27017, got a value that is not shown',
    ],
    [
      { KUBEWISE_WEBHOOK_URL: 'hooks/hunter2' },
      'KUBEWISE_WEBHOOK_URL: expected an http or https address, got a value that is not shown',
    ],
    [{ PROM_URL: 'nonesuch' }, 'PROM_URL: expected an address such as http://localhost:9090, or none, got "nonesuch"'],
    [{ ANOMALY_THRESHOLDS: '{"memory": 95}' }, 'ANOMALY_THRESHOLDS.memory: expected a number from 0 to 1, got 95'],
    [
      { PROM_QUERIES: '"up"' },
      'PROM_QUERIES: expected a JSON object {"name": "query"} or a JSON list of {"name", "query", "interval"}, got "up"',
    ],
    [{ PROM_QUERIES: '{"up": 1}' }, 'PROM_QUERIES[0].query: expected a PromQL expression, got 1'],
    [
      { PROM_QUERIES: '[{' },
      'PROM_QUERIES: expected a JSON object {"name": "query"} or a JSON list of {"name", "query", "interval"}, got "[{"',
    ],
    [{ PROM_QUERIES: '{"up": null}' }, 'PROM_QUERIES[0].query: expected a PromQL expression, got null'],
  ]
  for (const [env, expected] of refusals)
    it(expected, () =>
      assert.throws(
        () => load(env),
        (error) => error instanceof ConfigError && error.message === expected,
      ),
    )

  it('want an address of NATS', () =>
    assert.throws(() => loadConfig(All, {}), {
      message: 'NATS_URL: not set, expected an address such as nats://localhost:4222',
    }))
})

describe('recordLocation', () => {
  const cases: [string, Environment, object][] = [
    ['a file at home', {}, { kind: 'sqlite', file: `${homedir()}/.local/state/kubewise/kubewise.sqlite` }],
    [
      'a file in KUBEWISE_HOME',
      { KUBEWISE_HOME: '/var/lib/kw' },
      { kind: 'sqlite', file: '/var/lib/kw/kubewise.sqlite' },
    ],
    ['KUBEWISE_STORE before home', { KUBEWISE_STORE: 'sqlite:~/x.db' }, { kind: 'sqlite', file: `${homedir()}/x.db` }],
    [
      'MONGO_URI before all',
      { KUBEWISE_STORE: 'sqlite:x.db', MONGO_URI: 'mongodb://m' },
      { kind: 'mongo', uri: 'mongodb://m', database: 'kubewise', maxPoolSize: 10, minPoolSize: 0 },
    ],
  ]
  for (const [given, env, expected] of cases) it(given, () => assert.deepEqual(recordLocation(load(env)), expected))
})

describe('settingsWarnings', () => {
  const cases: [string, Environment, RegExp[]][] = [
    ['nothing doubtful', { KUBEWISE_MODE: 'auto', HALF_OPEN_MAX_CALLS: '1', PATH: '/bin' }, []],
    ['a half-open circuit for three', { HALF_OPEN_MAX_CALLS: '3' }, [/^HALF_OPEN_MAX_CALLS: 3 is accepted/]],
    ["the original's misnamed example", { ANOMALY_THRESHOLD: '0.8' }, [/ANOMALY_THRESHOLDS$/]],
    ['a mistyped name', { KUBEWISE_MOD: 'auto' }, [/^KUBEWISE_MOD: has no effect/]],
    [
      'what Kubernetes sets for a Service called kubewise-api',
      {
        KUBEWISE_API_SERVICE_HOST: '10.0.0.1',
        KUBEWISE_API_SERVICE_PORT_HTTP: '80',
        KUBEWISE_API_PORT: 'tcp://10.0.0.1:80',
        KUBEWISE_API_PORT_80_TCP_ADDR: '10.0.0.1',
      },
      [],
    ],
  ]
  for (const [given, env, expected] of cases)
    it(given, () => {
      const warnings = settingsWarnings(env)
      assert.equal(warnings.length, expected.length, warnings.join())
      for (const [index, pattern] of expected.entries()) assert.match(warnings[index] ?? '', pattern)
    })
})
