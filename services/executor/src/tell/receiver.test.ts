import assert from 'node:assert/strict'
import { ConfigError } from '@kubewise/service'
import { readConfig } from '../config.ts'
import { readReceivers, type ReceiverSettings } from './receiver.ts'

const FILES: Record<string, string> = {
  '/slack': 'https://hooks.slack.com/services/T0/B0/hunter2\n',
  '/key': 'shared\n',
  '/empty': '\n',
}
const reading = (file: string) => (path: string) => {
  const text = path === '/receivers' ? file : FILES[path]
  if (text === undefined) throw Object.assign(new Error('not there'), { code: 'ENOENT' })
  return text
}
const read = (file: string, settings: Partial<ReceiverSettings> = {}) =>
  readReceivers({ file: '/receivers', allow: [], ...settings }, reading(file))

const THREE = `
receivers:
  - { name: ops, kind: slack, urlFile: /slack, perMinute: 6 }
  - { name: audit, kind: webhook, url: 'https://audit.example/in', secretFile: /key, groupSeconds: 0 }
  - name: alerts
    kind: alertmanager
    url: http://alertmanager.monitoring.svc:9093
    labels: { severity: warning }
`

describe('receivers', () => {
  it('are read from YAML, their secrets from files', () => {
    const { receivers, mistakes } = read(THREE)
    assert.deepEqual(mistakes, [])
    assert.deepEqual(
      receivers.map(({ name, kind, url, secret, groupMs, perMinute }) => ({
        name,
        kind,
        url,
        secret,
        groupMs,
        perMinute,
      })),
      [
        { name: 'ops', kind: 'slack', url: FILES['/slack']!.trim(), secret: undefined, groupMs: 5000, perMinute: 6 },
        {
          name: 'audit',
          kind: 'webhook',
          url: 'https://audit.example/in',
          secret: 'shared',
          groupMs: 0,
          perMinute: 20,
        },
        {
          name: 'alerts',
          kind: 'alertmanager',
          url: 'http://alertmanager.monitoring.svc:9093/',
          secret: undefined,
          groupMs: 5000,
          perMinute: 20,
        },
      ],
    )
  })

  it('and from JSON', () => {
    const receivers = [{ name: 'audit', kind: 'webhook', url: 'https://audit.example/in' }]
    assert.equal(read(JSON.stringify({ receivers })).receivers.length, 1)
  })

  it('have the one of the variable first, each message alone', () => {
    const { receivers } = read(THREE, { url: 'http://127.0.0.1:1/hook', secret: 's' })
    assert.deepEqual([receivers[0]?.name, receivers[0]?.groupMs, receivers[0]?.secret], ['webhook', 0, 's'])
    assert.equal(receivers.length, 4)
  })

  it('are wrong in every way at once, and no value is shown', () => {
    const { mistakes } = read(`
receivers:
  - { name: a, kind: slack, url: 'hooks/hunter2' }
  - { name: b, kind: slack }
  - { name: c, kind: slack, url: 'https://x.example/', urlFile: /slack }
  - { name: d, kind: webhook, url: 'https://x.example/', secretFile: /absent }
  - { name: e, kind: webhook, urlFile: /empty }
  - { name: f, kind: webhook, url: 'http://169.254.169.254/' }
  - { name: g, kind: slack, url: 'https://x.example/', labels: { a: b } }
  - { name: g, kind: alertmanager, url: 'https://x.example/?a' }
`)
    for (const [name, say] of [
      ['a', 'expected an http or https address, got a value that is not shown'],
      ['b', 'expected either url or urlFile'],
      ['c', 'expected either url or urlFile'],
      ['d', '/absent cannot be read (ENOENT)'],
      ['e', '/empty is empty'],
      ['f', 'nothing may be sent there: 169.254.169.254 is of the link'],
      ['g', 'labels are for an Alertmanager alone'],
      ['g', 'expected the address of an Alertmanager without ? and #'],
    ])
      assert.ok(
        mistakes.some((each) => each.startsWith(`KUBEWISE_RECEIVERS_FILE: ${name}: ${say}`)),
        `${name} ${say}`,
      )
    assert.doesNotMatch(mistakes.join('\n'), /hunter2/)
  })

  for (const [what, text, pattern] of [
    [
      'a secret written inline',
      `{ receivers: [{ name: a, kind: pager, url: x, secret: hunter2 }] }`,
      /'secret'[\s\S]*kind/,
    ],
    ['no receivers', `other: hunter2`, /receivers/],
    ['no YAML', `receivers: [hunter2\n: {`, /neither YAML nor JSON, see line/],
  ] as const)
    it(`are refused for ${what}, without showing it`, () => {
      const { receivers, mistakes } = read(text)
      assert.deepEqual(receivers, [])
      assert.match(mistakes.join('\n'), pattern)
      assert.doesNotMatch(mistakes.join('\n'), /hunter2/)
    })

  it('may not have two of one name', () => {
    const twice = `receivers: [{ name: webhook, kind: webhook, url: 'https://x.example/' }]`
    assert.match(
      read(twice, { url: 'https://y.example' }).mistakes.join(),
      /two of this name, KUBEWISE_WEBHOOK_URL has it/,
    )
    assert.deepEqual(read(twice).mistakes, [])
  })

  it('are told with the mistakes of the variables', () => {
    const env = { KUBEWISE_MODE: 'wild', KUBEWISE_RECEIVERS_FILE: '/receivers', NATS_URL: 'nats://x' }
    assert.throws(
      () => readConfig(env, reading('other: 1')),
      (error: unknown) =>
        error instanceof ConfigError &&
        /KUBEWISE_MODE/.test(error.message) &&
        /KUBEWISE_RECEIVERS_FILE/.test(error.message),
    )
  })

  it('tell what of the allow-list cannot be read', () =>
    assert.match(read(THREE, { allow: ['10.0.0.0/99'] }).mistakes.join(), /KUBEWISE_NOTIFY_ALLOW: expected a prefix/))
})
