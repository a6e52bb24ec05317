import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { complete } from './complete.ts'
import { decode, DecodeError } from './decode.ts'
import { typeOfKind } from './schema.ts'

const DEPLOYMENT = typeOfKind('apps/v1', 'Deployment')

function container(rest: object): object {
  return { spec: { template: { spec: { containers: [{ name: 'app', ...rest }] } } } }
}

describe('decoding', () => {
  it('drops what the API does not know, and says where it was', () => {
    const { value, unknownFields } = decode({ metadata: { nonsense: 1 }, ...container({ more: {} }) }, DEPLOYMENT)
    assert.deepEqual(unknownFields, ['metadata.nonsense', 'spec.template.spec.containers[0].more'])
    assert.deepEqual(value, { metadata: {}, ...container({}) })
  })

  it('takes null for absent', () => {
    assert.deepEqual(decode({ spec: null, metadata: { labels: { a: null } } }, DEPLOYMENT).value, {
      metadata: { labels: {} },
    })
  })

  it('brings quantities and dates to the spelling of the server', () => {
    const { value } = decode(
      {
        ...container({ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }),
        metadata: { creationTimestamp: '2026-01-01T01:00:00+01:00' },
      },
      DEPLOYMENT,
    )
    assert.deepEqual(value, {
      ...container({ resources: { limits: { cpu: '500m', memory: '1Gi' } } }),
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
    })
  })

  for (const [say, given, expected] of [
    [
      'text for a number',
      { spec: { replicas: 'two' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'half a number',
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a number too large',
      { spec: { replicas: 2 ** 31 } },
      'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a list for a structure',
      { spec: [] },
      'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec',
    ],
    [
      'a structure for a list',
      { spec: { template: { spec: { containers: {} } } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      'text for a switch',
      { spec: { paused: 'yes' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool',
    ],
    [
      'a switch for a name',
      { metadata: { name: true } },
      'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string',
    ],
  ] as const) {
    it(`refuses ${say} in the words of the server`, () => {
      assert.throws(() => decode(given, DEPLOYMENT), { name: 'DecodeError', message: expected })
    })
  }

  it('refuses a date and a quantity that are none', () => {
    assert.throws(() => decode({ metadata: { deletionTimestamp: 'soon' } }, DEPLOYMENT), /parsing time "soon"/)
    assert.throws(
      () => decode(container({ resources: { limits: { cpu: 'much' } } }), DEPLOYMENT),
      /quantities must match/,
    )
  })

  it('never fails but by a DecodeError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const given of [value, { spec: value }, { metadata: { labels: value } }, container({ env: value })]) {
          try {
            decode(given, DEPLOYMENT)
          } catch (error) {
            assert.ok(error instanceof DecodeError)
          }
        }
      }),
    )
  })

  it('knows no member by a name that every object has', () => {
    const { value, unknownFields } = decode(
      JSON.parse('{"__proto__":{"a":1},"constructor":1,"metadata":{"labels":{"__proto__":"x"}}}'),
      DEPLOYMENT,
    )
    assert.deepEqual(unknownFields, ['__proto__', 'constructor'])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
  })
})

describe('completing', () => {
  it('adds what the server always writes, and leaves out what is empty', () => {
    const object = {
      metadata: { labels: {}, finalizers: [] },
      ...container({ ports: [{ containerPort: 80 }], args: [] }),
    }
    complete(object, DEPLOYMENT)
    assert.deepEqual(object, {
      metadata: {},
      spec: {
        strategy: {},
        selector: null,
        template: {
          metadata: {},
          spec: { containers: [{ name: 'app', resources: {}, ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
        },
      },
      status: {},
    })
  })

  it('changes nothing the second time', () => {
    const object = container({ image: 'a' })
    complete(object, DEPLOYMENT)
    const once = structuredClone(object)
    complete(object, DEPLOYMENT)
    assert.deepEqual(object, once)
  })
})
