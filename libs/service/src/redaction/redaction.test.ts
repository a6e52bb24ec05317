import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { redactLine } from './redact-line.ts'
import { redactObject } from './redact-object.ts'
import { createRedactor } from './redact-text.ts'

const redact = createRedactor({ salt: 'test' })

const BASE62 = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
const random = (length: number) =>
  fc.array(fc.constantFrom(...BASE62), { minLength: length, maxLength: length }).map((letters) => letters.join(''))
const secrets = fc.oneof(
  random(32),
  random(16).map((rest) => `AKIA${rest.toUpperCase()}`),
  random(36).map((rest) => `ghp_${rest}`),
  random(24).map((rest) => `xoxb-1234-${rest}`),
  random(35).map((rest) => `AIza${rest}`),
  fc.tuple(random(40), random(43)).map(([body, signature]) => `eyJhbGciOiJIUzI1NiJ9.${body}.${signature}`),
)

describe('redactText', () => {
  const leaks: [string, string, string?][] = [
    ['a password by its name', 'password=hunter2 is wrong'],
    ['one in JSON', '{"password":"hunter2","user":"a"}'],
    ['one with spaces in quotes', 'DB_PASSWORD="hunter2 hunter2"'],
    ['one in JSON in JSON', '{\\"password\\":\\"hunter2\\"}'],
    ['one of a flag', 'mysql --password hunter2 --host db'],
    ['one after a colon', 'password: hunter2'],
    ['a bearer token', 'Authorization: Bearer hunter2'],
    ['basic credentials', 'sent Basic aHVudGVyMjpodW50ZXIy', 'aHVudGVyMjpodW50ZXIy'],
    ['a cookie', 'set-cookie: hunter2; path=/'],
    ['a connection string', 'cannot reach mongodb://root:hunter2@db:27017/x'],
    ['one whose password has a slash', 'postgres://root:a/hunter2@db/x'],
    ['one whose password has an at', 'postgres://root:a@hunter2@db/x', 'hunter2'],
    ['a token in an address', 'nats://hunter2@n:4222'],
    ['a query', 'https://h/?api_key=hunter2&x=1'],
    ['ADO', 'Server=x;Password=hunter2;User=y'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----'],
    ['a private key that was cut', 'x -----BEGIN PRIVATE KEY-----\nhunter2'],
    ['a key of AWS', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalrXUtnFEMI'],
    ['a key that ends like a name', ' AIzaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPwD  ', 'AIzaAAAA'],
    ['a key that ends like a name, and what follows', 'AIzaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPwD=hunter2', 'hunter2'],
    ['a key behind another word', 'key=AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ]
  for (const [what, text, secret = 'hunter2'] of leaks)
    it(`hides ${what}`, () => {
      const clean = redact(text)
      assert.ok(!clean.includes(secret), clean)
      assert.match(clean, /<secret:[0-9a-f]{4}>/)
    })

  const kept = [
    'Back-off restarting failed container app in pod web-6d4cf56db6-x2x9z_shop(123e4567-e89b-12d3-a456-426614174000)',
    'MountVolume.SetUp failed for volume "db-secret" : secret "db" not found',
    "couldn't find key password in Secret shop/db",
    'failed to fetch anonymous token: unexpected status 401 Unauthorized',
    'Failed to pull image "registry.example.com/team/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    'horizontalpodautoscaler FailedComputeMetricsReplicas in /var/lib/kubelet/pods, see https://10.0.0.1:6443/api',
    'Error creating: pods "web-7c" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=3',
    'serviceaccount kubernetes.io/service-account-token ip-10-0-12-34.eu-central-1.compute.internal',
  ]
  for (const text of kept) it(`leaves ${text.slice(0, 50)}`, () => assert.equal(redact(text), text))

  it('hides mail addresses when asked', () => {
    assert.equal(redact('ask jo@example.com'), 'ask jo@example.com')
    assert.match(
      createRedactor({ hasEmails: true })('ask jo.d+x@mail.example.com now'),
      /^ask <secret:[0-9a-f]{4}> now$/,
    )
  })

  it('gives the same secret the same placeholder, and another salt another', () => {
    const [first, second] = redact('password=hunter2 token=hunter2').match(/<secret:\w+>/g) ?? []
    assert.equal(first, second)
    const others = new Set(
      Array.from({ length: 8 }, (_, salt) => createRedactor({ salt: `${salt}` })('password=hunter2')),
    )
    assert.ok(others.size > 4)
  })

  it('lets no secret out of any text, and changes nothing the second time', () => {
    const texts = fc.tuple(
      fc.string({ unit: 'grapheme' }),
      secrets,
      fc.string(),
      fc.constantFrom(' ', '"', '=', ': ', '\n'),
    )
    fc.assert(
      fc.property(texts, ([before, secret, after, mark]) => {
        const clean = redact(`${before}${mark}${secret} ${after}`)
        assert.ok(!clean.includes(secret), clean)
        assert.equal(redact(clean), clean)
      }),
      { numRuns: 2000 },
    )
  })

  it('changes nothing the second time, whatever the text', () => {
    const words = fc.constantFrom(
      'password',
      'token',
      '=',
      ':',
      ' ',
      '"',
      '<secret:ab12>',
      '://',
      '@',
      'Bearer',
      '-----BEGIN ',
      '\\',
      'a',
      '/',
      '--',
    )
    const texts = fc.array(fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: fc.string() }), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(texts, (parts) => {
        const once = redact(parts.join(''))
        assert.equal(redact(once), once)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('redactObject', () => {
  it('drops what holds values by its place, keeps names', () => {
    const pod = {
      kind: 'Pod',
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"x":1}', note: 'password=p' } },
      spec: {
        containers: [
          {
            name: 'app',
            env: [
              { name: 'DB', value: 'plain' },
              { name: 'K', valueFrom: { secretKeyRef: { name: 'db' } } },
            ],
          },
        ],
      },
    }
    const clean = JSON.stringify(redactObject(pod))
    assert.doesNotMatch(clean, /last-applied|plain|password=p/)
    assert.match(clean, /"name":"DB".*"name":"K".*"db"/)
    assert.deepEqual(redactObject({ kind: 'ConfigMap', data: { a: 'plain' } }), { kind: 'ConfigMap', data: { a: '' } })
  })

  it('leaves out whole what it cannot take apart', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    assert.match(JSON.stringify(redactObject(circle)), /omitted/)
    const failing = redactObject({ a: 'x' }, () => {
      throw new Error('no')
    })
    assert.match(String(failing), /omitted/)
  })
})

describe('redactLine', () => {
  it('keeps our own ids where they stand alone, and nothing like them elsewhere', () => {
    const id = 'Zk3v9QpL0aXy7Rt2WmB8Nc'
    const clean = redactLine(JSON.stringify({ incident: id, say: `got ${id}`, note: id }))
    assert.match(clean, new RegExp(`^{"incident":"${id}","say":"got <secret`))
    assert.equal(clean.split(id).length, 2)
  })
})
