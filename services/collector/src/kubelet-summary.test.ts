import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { readSummary } from './kubelet-summary.ts'
import { readResourceMetrics } from './resource-metrics.ts'
import { ANSWERED_MS, CLAIM, FILE_SYSTEM, MEASURED, SUMMARY } from './usage.test-data.ts'

const measuredMs = Date.parse(MEASURED)
const at = (value: number) => ({ value, timeMs: measuredMs })
const podOf = (pod: object) => ({ pods: [{ podRef: { namespace: 'shop', name: 'web' }, ...pod }] })

describe('the reader of a kubelet’s summary', () => {
  it('reads what is used of a node, its pods and their claims', () =>
    assert.deepEqual(readSummary(SUMMARY, 'node-1', ANSWERED_MS), {
      nodes: [{ name: 'node-1', cpu: at(1.5), memory: at(4e9), diskPct: at(80), inodesPct: at(90) }],
      pods: [
        {
          namespace: 'shop',
          name: 'web',
          containers: [
            { name: 'main', cpu: at(0.05), memory: at(64e6) },
            { name: 'side', cpu: at(0.01), memory: at(16e6) },
          ],
          ephemeralStorage: at(5e6),
          received: at(1000),
          sent: at(2000),
        },
      ],
      claims: [{ namespace: 'shop', claim: 'data', usedPct: at(75), inodesPct: at(50) }],
      malformed: 0,
    }))

  it('takes a claim that two pods mount once, at its fullest', () => {
    const fuller = { ...CLAIM, availableBytes: 10 }
    const { claims } = readSummary(
      { pods: [...podOf({ volume: [CLAIM] }).pods, ...podOf({ volume: [fuller] }).pods] },
      'node-1',
      ANSWERED_MS,
    )
    assert.deepEqual(claims, [{ namespace: 'shop', claim: 'data', usedPct: at(90), inodesPct: at(50) }])
  })

  const container = (cpu: unknown) => podOf({ containers: [{ name: 'main', cpu, memory: null }] })
  const bare = [{ namespace: 'shop', name: 'web', containers: [{ name: 'main' }] }]
  const cases: [string, Record<string, unknown>, pods: unknown, malformed: number][] = [
    ['nothing', {}, [], 0],
    ['null members', { node: null, pods: null }, [], 0],
    ['a list for a node, text for pods', { node: [], pods: 'none' }, [], 2],
    ['pods that are no objects', { pods: [null, 7, []] }, [], 3],
    ['a pod without a reference', { pods: [{}] }, [], 2],
    ['a pod with an empty name', { pods: [{ podRef: { namespace: 'shop', name: '' } }] }, [], 1],
    ['a container that has just begun', container(undefined), bare, 0],
    ['text for a number', container({ time: MEASURED, usageNanoCores: '12' }), bare, 1],
    ['a negative number', container({ time: MEASURED, usageNanoCores: -1 }), bare, 1],
    ['a number that is none', container({ time: MEASURED, usageNanoCores: Number.NaN }), bare, 1],
    ['an endless number', container({ time: MEASURED, usageNanoCores: Infinity }), bare, 1],
    ['a value without a time', container({ usageNanoCores: 1 }), bare, 0],
    ['a time that is none', container({ time: 'yesterday', usageNanoCores: 1 }), bare, 1],
    ['the zero time of a measurement that was never made', container({ time: '0001-01-01T00:00:00Z' }), bare, 1],
    ['members of a prototype', Object.create(podOf({})) as Record<string, unknown>, [], 0],
  ]
  for (const [what, answer, pods, malformed] of cases)
    it(`takes ${what}`, () => {
      const usage = readSummary(answer, 'node-1', ANSWERED_MS)
      assert.deepEqual([usage.pods, usage.malformed], [pods, malformed])
    })

  it('dates nothing later than its answer', () => {
    const time = '2100-01-01T00:00:00Z'
    const { pods } = readSummary(container({ time, usageNanoCores: 1e9 }), 'node-1', ANSWERED_MS)
    assert.deepEqual(pods[0]?.containers[0]?.cpu, { value: 1, timeMs: ANSWERED_MS })
  })

  it('gives no share of a file system of no size, and none beyond all of it', () => {
    const shares = (fs: object) => {
      const [node] = readSummary({ node: { fs: { ...FILE_SYSTEM, ...fs } } }, 'node-1', ANSWERED_MS).nodes
      return [node?.diskPct?.value, node?.inodesPct?.value]
    }
    assert.deepEqual(shares({ capacityBytes: 0, inodes: 0 }), [undefined, undefined])
    assert.deepEqual(shares({ availableBytes: 1e12, inodesUsed: 1e12 }), [0, 100])
  })

  it('knows a pod of any name, and changes no prototype', () => {
    const text = '{"pods":[{"podRef":{"namespace":"__proto__","name":"constructor"},"__proto__":{"polluted":1}}]}'
    const { pods } = readSummary(JSON.parse(text) as Record<string, unknown>, 'node-1', ANSWERED_MS)
    assert.deepEqual([pods[0]?.namespace, pods[0]?.name], ['__proto__', 'constructor'])
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })

  it('throws at nothing, and gives only finite numbers from 0', () => {
    const odd = fc.oneof(
      fc.anything(),
      fc.constantFrom(null, -1, Number.NaN, Infinity, '1', '__proto__', [], {}, MEASURED, '1m', '-5Ki'),
    )
    const readings = (usage: unknown): number[] =>
      typeof usage === 'number'
        ? [usage]
        : typeof usage === 'object' && usage !== null
          ? Object.values(usage).flatMap(readings)
          : []
    /** Every place of the answer, one after the other, holds something else. */
    const places = placesOf(SUMMARY)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(places.length - 1), odd), { minLength: 1, maxLength: 6 }), (changes) => {
        const answer = structuredClone(SUMMARY) as Record<string, unknown>
        for (const [place, value] of changes) put(answer, places[place]!, value)
        for (const usage of [
          readSummary(answer, 'node-1', ANSWERED_MS),
          readResourceMetrics([answer], [answer, ...changes.map(([, value]) => Object(value) as object)], ANSWERED_MS),
        ])
          assert.ok(readings(usage).every((value) => value >= 0 && Number.isFinite(value)))
      }),
    )
  })
})

type Path = readonly (string | number)[]

function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name])),
  ]
}

/** Puts a value at a place, unless an earlier change took the place away. */
function put(into: unknown, [name, ...rest]: Path, value: unknown): void {
  if (typeof into !== 'object' || into === null || name === undefined) return
  if (rest.length > 0) put((into as Record<string, unknown>)[name], rest, value)
  else Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })
}
