import assert from 'node:assert/strict'
import type { RevisionRecord } from '@kubewise/contracts'
import { daemonSet, deployment, NOW, SECOND, statefulSet, template, templateHash } from '../fixture/objects.ts'
import { recordOf, settled, sightingOf, watch, type Sighting, type Watched } from './watched.ts'

const v1 = template({ image: 'web:1' })
const v2 = template({ image: 'web:2' })

const see = (workload: Parameters<typeof sightingOf>[1]) => sightingOf('prod', workload) ?? assert.fail('no workload')

describe('a workload’s newest revision', () => {
  const cases: [string, Parameters<typeof sightingOf>[1], boolean][] = [
    ['of a Deployment with all its pods ready', deployment(v1), true],
    ['of one whose old pods are still there', deployment(v1, { status: { replicas: 4 } }), false],
    ['of one that is not all updated', deployment(v1, { status: { updatedReplicas: 2 } }), false],
    ['of one with a pod that is not ready', deployment(v1, { status: { readyReplicas: 2 } }), false],
    ['of one whose last change was not seen yet', deployment(v1, { metadata: { generation: 2 } }), false],
    [
      'of one that wants no pods',
      deployment(v1, { spec: { replicas: 0 }, status: { replicas: 0, updatedReplicas: 0, readyReplicas: 0 } }),
      false,
    ],
    ['of a StatefulSet with all its pods ready', statefulSet(v1), true],
    ['of a StatefulSet in the middle of a rollout', statefulSet(v1, { status: { updatedReplicas: 1 } }), false],
    ['of a DaemonSet with all its pods ready', daemonSet(v1), true],
    ['of a DaemonSet with one pod of before', daemonSet(v1, { status: { updatedNumberScheduled: 2 } }), false],
    ['of a DaemonSet with one pod that is not ready', daemonSet(v1, { status: { numberReady: 2 } }), false],
  ]
  for (const [what, workload, expected] of cases)
    it(`${what} ${expected ? 'is' : 'is not'} healthy now`, () => assert.equal(see(workload).isHealthy, expected))
})

describe('the health of a revision', () => {
  const well = see(deployment(v1))
  const ill = see(deployment(v1, { status: { readyReplicas: 1 } }))
  const next = see(deployment(v2, { status: { updatedReplicas: 0 } }))
  const reborn: Sighting = { ...well, target: { ...well.target, uid: 'another' } }

  /** What was noted after these sightings, each so many seconds after the one before, and a last look. */
  function noted(...sightings: [afterSeconds: number, Sighting | 'look'][]): [string, number][] {
    let nowMs = NOW
    let watched: Watched | undefined
    for (const [afterSeconds, sighting] of sightings) {
      nowMs += afterSeconds * SECOND
      watched = sighting === 'look' ? watched && settled(watched, nowMs) : watch(watched, sighting, nowMs)
    }
    const name = (hash: string) => (hash === templateHash(v1) ? 'v1' : 'v2')
    return (watched?.unrecorded ?? []).map(({ template: hash, healthyMs }) => [name(hash), (healthyMs - NOW) / SECOND])
  }

  it('is noted after ten seconds without a break', () => {
    assert.deepEqual(noted([0, well], [9, 'look']), [])
    assert.deepEqual(noted([0, well], [10, 'look']), [['v1', 10]])
    assert.deepEqual(noted([0, well], [5, ill], [1, well], [9, 'look']), [])
  })
  it('is noted once while it goes on', () =>
    assert.deepEqual(noted([0, well], [10, 'look'], [10, 'look'], [10, well]), [['v1', 10]]))
  it('is noted at its end, though nobody looked in between', () =>
    assert.deepEqual(noted([0, well], [60, next]), [['v1', 60]]))
  it('is noted again at its end, so that it is known until when', () =>
    assert.deepEqual(noted([0, well], [10, 'look'], [90, ill]), [
      ['v1', 10],
      ['v1', 100],
    ]))
  it('is not another workload’s of the same name', () => assert.deepEqual(noted([0, well], [60, reborn]), []))
})

describe('the record of a workload', () => {
  const well = see(deployment(v1))
  const watched = (unrecorded: RevisionRecord['healthy']): Watched => ({
    sighting: well,
    sinceMs: NOW,
    isNoted: true,
    unrecorded,
  })
  const health = (name: string, healthyMs: number) => ({ template: name, healthyMs })
  const record: RevisionRecord = {
    _id: 'k',
    version: 3,
    target: well.target,
    watchedSinceMs: 5,
    healthy: [health('a', 1), health('b', 2)],
  }

  it('begins when it is first seen', () =>
    assert.deepEqual(recordOf('k', undefined, watched([])), {
      _id: 'k',
      target: well.target,
      watchedSinceMs: NOW,
      healthy: [],
    }))
  it('stays as it is where nothing is new', () => assert.equal(recordOf('k', record, watched([])), record))
  it('has what was healthy last at its end, each revision once', () =>
    assert.deepEqual(recordOf('k', record, watched([health('a', 8), health('a', 9)])), {
      _id: 'k',
      target: well.target,
      watchedSinceMs: 5,
      healthy: [health('b', 2), health('a', 9)],
    }))
  it('begins anew for another workload of the same name', () => {
    const other = { ...record, target: { ...record.target, uid: 'another' } }
    assert.deepEqual(recordOf('k', other, watched([])).healthy, [])
  })
  it('is bounded', () => {
    const many = Array.from({ length: 30 }, (_, index) => health(`t${index}`, index))
    assert.deepEqual(
      recordOf('k', record, watched(many)).healthy.map(({ template: name }) => name),
      many.slice(-16).map(({ template: name }) => name),
    )
  })
})
