import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { EndpointSlice, Service } from './cluster-objects.ts'
import { dependenciesOf, serviceAvailability, type Dependent } from './dependencies.ts'
import type { Container } from './pod-objects.ts'

function service(name: string, namespace = 'shop', selector: Record<string, string> = { app: name }): Service {
  return { metadata: { name, namespace }, spec: { selector } }
}

const SERVICES = [
  service('db'),
  service('cache'),
  service('web'),
  service('auth', 'identity'),
  service('mysql', 'data'),
  service('kafka-headless'),
]

function workload(container: Partial<Container>, annotations: Record<string, string> = {}): Dependent {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', ...container }] } }
  return { metadata: { namespace: 'shop', annotations }, spec: { template } }
}

const named = (dependent: Dependent) =>
  dependenciesOf(dependent, SERVICES).map(({ namespace, name }) => `${namespace}/${name}`)
const env = (value: string) => workload({ env: [{ name: 'X', value }] })

describe('dependencies', () => {
  const values: [value: string, expected: string[]][] = [
    ['db', ['shop/db']],
    ['DB', ['shop/db']],
    ['db:5432', ['shop/db']],
    ['auth.identity', ['identity/auth']],
    ['auth', []],
    ['http://auth.identity:8080/login?next=/db/x', ['identity/auth']],
    ['https://auth.identity.svc.cluster.local./x', ['identity/auth']],
    ['postgres://user:p%40ss@db:5432/orders?sslmode=off', ['shop/db']],
    ['postgres://db:cache@nowhere:5432/web', []],
    ['jdbc:postgresql://db:5432/orders', ['shop/db']],
    ['user:secret@tcp(mysql.data:3306)/orders', ['data/mysql']],
    ['mongodb://u:p@db,cache:27017/x', ['shop/cache', 'shop/db']],
    ['kafka-0.kafka-headless:9092', ['shop/kafka-headless']],
    ['kafka-0.kafka-headless.shop.svc:9092', ['shop/kafka-headless']],
    ['kafka-0.kafka-headless.shop:9092', ['shop/kafka-headless']],
    ['gone.shop.svc', ['shop/gone']],
    ['gone', []],
    ['web', []],
    ['web.shop.svc.cluster.local', []],
    ['database', []],
    ['db-primary', []],
    ['https://db.example.com', []],
    // No search domain makes a Service of it: it is an outside address, whoever has a namespace of that name.
    ['https://auth.identity.io', []],
    ['https://mysql.data.io/x', []],
    ['10.0.0.1:5432', []],
    ['__proto__ constructor', []],
    ['', []],
  ]
  for (const [value, expected] of values) {
    it(`in "${value}": ${expected.join(', ') || 'none'}`, () => assert.deepEqual(named(env(value)), expected))
  }

  it('in arguments, commands and init containers', () => {
    assert.deepEqual(named(workload({ args: ['--redis=cache:6379', '--auth', 'http://auth.identity'] })), [
      'identity/auth',
      'shop/cache',
    ])
    assert.deepEqual(named(workload({ command: ['sh', '-c', 'until nc -z db 5432; do sleep 1; done'] })), ['shop/db'])
    const withInit = workload({})
    withInit.spec!.template!.spec!.initContainers = [{ name: 'wait', args: ['db'] }]
    assert.deepEqual(named(withInit), ['shop/db'])
  })

  it('in the annotation, also those that do not exist', () => {
    assert.deepEqual(named(workload({}, { 'kubewise.io/depends-on': 'db, auth.identity gone' })), [
      'identity/auth',
      'shop/db',
      'shop/gone',
    ])
  })

  it('not its own Service', () => {
    assert.deepEqual(named(workload({ args: ['http://web:80', 'db'] })), ['shop/db'])
  })

  it('are names and never anything else of a value', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 50 }), (secret, password) => {
        const known = new Set(SERVICES.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`))
        const found = named(env(`postgres://app:${password}@db:5432/x ${secret}`.replaceAll('.svc', '')))
        for (const name of found) assert.ok(known.has(name), name)
      }),
    )
  })

  it('are read in time from a value that is huge', () => {
    assert.deepEqual(named(env(`db ${'a.'.repeat(500_000)}`)), ['shop/db'])
  })
})

describe('a Service', () => {
  const ref = { namespace: 'shop', name: 'db' }
  const slice = (endpoints: EndpointSlice['endpoints'], name = 'db', namespace = 'shop'): EndpointSlice => ({
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    ...(endpoints === undefined ? {} : { endpoints }),
  })
  const ready = { addresses: ['10.0.0.1'], conditions: { ready: true } }
  const unready = { addresses: ['10.0.0.2'], conditions: { ready: false } }
  const cases: [what: string, service: Service | undefined, slices: EndpointSlice[], isAvailable: boolean][] = [
    ['with a ready endpoint', service('db'), [slice([unready]), slice([ready])], true],
    ['with an endpoint that does not say', service('db'), [slice([{ addresses: ['10.0.0.1'] }])], true],
    ['with unready endpoints only', service('db'), [slice([unready])], false],
    ['without slices', service('db'), [], false],
    ['without endpoints', service('db'), [slice(undefined)], false],
    ["with others' endpoints only", service('db'), [slice([ready], 'cache'), slice([ready], 'db', 'other')], false],
    ['that does not exist', undefined, [], false],
    ['without a selector', service('db', 'shop', {}), [], true],
  ]
  for (const [what, one, slices, isAvailable] of cases) {
    it(`${what} is ${isAvailable ? 'available' : 'down'}`, () => {
      assert.equal(serviceAvailability(ref, one, slices).isAvailable, isAvailable)
    })
  }
})
