import assert from 'node:assert/strict'
import { contextOf, revisionRecord, type World } from '../fixture/context.ts'
import {
  controllerRevision,
  daemonSet,
  deployment,
  NOW,
  pod,
  replicaSet,
  SECOND,
  statefulSet,
  template,
  templateHash,
} from '../fixture/objects.ts'
import { lastHealthyRevision } from './last-healthy.ts'

const v1 = template({ image: 'web:1' })
const v2 = template({ image: 'web:2' })
const v3 = template({ image: 'web:3' })

const hashes = new Map([v1, v2, v3].map((each) => [each, templateHash(each)]))
const healthy = (of: typeof v1, agoSeconds: number) => ({
  template: hashes.get(of) ?? '',
  healthyMs: NOW - agoSeconds * SECOND,
})

const web = deployment(v3)
const [rs1, rs2, rs3] = [replicaSet(web, 1, v1), replicaSet(web, 2, v2), replicaSet(web, 3, v3, { ageSeconds: 30 })]
const running = replicaSet(web, 2, v2, { wanted: 2 })

const sts = (currentRevision: string) => statefulSet(v3, { status: { currentRevision, updateRevision: 'web-h3' } })
const history = (owner: ReturnType<typeof sts>) => [
  controllerRevision(owner, 2, v2),
  controllerRevision(owner, 3, v3, 30),
]
const ds = daemonSet(v3)
const dsHistory = [controllerRevision(ds, 2, v2), controllerRevision(ds, 3, v3, 30)]
const bornNow = NOW - 86_400 * SECOND

describe('the revision that was healthy last', () => {
  const cases: [string, World, number | undefined][] = [
    [
      'of a Deployment whose old pods run',
      {
        target: web,
        children: [rs1, running, rs3],
        pods: [pod(running, 'h2', { name: 'a' }), pod(running, 'h2', { name: 'b' })],
      },
      2,
    ],
    [
      'of one whose old pods are fewer than their ReplicaSet wants',
      { target: web, children: [running, rs3], pods: [pod(running, 'h2')] },
      undefined,
    ],
    [
      'of one whose old pods only just became ready',
      {
        target: web,
        children: [replicaSet(web, 2, v2, { wanted: 1 }), rs3],
        pods: [pod(running, 'h2', { readySeconds: 9 })],
      },
      undefined,
    ],
    [
      'of one whose old pod crashes',
      {
        target: web,
        children: [replicaSet(web, 2, v2, { wanted: 1 }), rs3],
        pods: [pod(running, 'h2', { waiting: 'CrashLoopBackOff', restarts: 3 })],
      },
      undefined,
    ],
    [
      'of one whose old pod is being deleted',
      { target: web, children: [replicaSet(web, 2, v2), rs3], pods: [pod(running, 'h2', { isTerminating: true })] },
      undefined,
    ],
    ['of one whose old pods are gone, unrecorded', { target: web, children: [rs1, rs2, rs3] }, undefined],
    [
      'of one that was recorded',
      { target: web, children: [rs1, rs2, rs3], revisionRecord: revisionRecord([healthy(v1, 900)]) },
      1,
    ],
    [
      'is the one recorded last, not the previous one',
      { target: web, children: [rs1, rs2, rs3], revisionRecord: revisionRecord([healthy(v2, 900), healthy(v1, 100)]) },
      1,
    ],
    [
      'is the one that runs before one that was recorded',
      {
        target: web,
        children: [rs1, running, rs3],
        pods: [pod(running, 'h2', { name: 'a' }), pod(running, 'h2', { name: 'b' })],
        revisionRecord: revisionRecord([healthy(v1, 1)]),
      },
      2,
    ],
    [
      'is never the present one',
      { target: web, children: [rs3], revisionRecord: revisionRecord([healthy(v3, 1)]) },
      undefined,
    ],
    [
      'is none whose ReplicaSet is gone',
      { target: web, children: [rs2, rs3], revisionRecord: revisionRecord([healthy(v1, 1)]) },
      undefined,
    ],
    ['of a StatefulSet, by its controller’s word', { target: sts('web-h2'), children: history(sts('web-h2')) }, 2],
    [
      'of one whose controller never moved on, and we saw all of its life',
      { target: sts('web-h2'), children: history(sts('web-h2')), revisionRecord: revisionRecord([], bornNow) },
      undefined,
    ],
    [
      'of the same, seen healthy',
      {
        target: sts('web-h2'),
        children: history(sts('web-h2')),
        revisionRecord: revisionRecord([healthy(v2, 60)], bornNow),
      },
      2,
    ],
    [
      'of one whose newest revision is its controller’s present one',
      { target: sts('web-h3'), children: history(sts('web-h3')) },
      undefined,
    ],
    [
      'of a DaemonSet whose old pods run',
      { target: ds, children: dsHistory, pods: [pod(ds, 'h2'), pod(ds, 'h3', { waiting: 'CrashLoopBackOff' })] },
      2,
    ],
    [
      'of a DaemonSet that was recorded',
      { target: ds, children: dsHistory, revisionRecord: revisionRecord([healthy(v2, 60)]) },
      2,
    ],
    ['of a DaemonSet of which nothing is known', { target: ds, children: dsHistory }, undefined],
  ]
  for (const [what, world, expected] of cases)
    it(`${what} → ${expected ?? 'none'}`, () =>
      assert.equal(lastHealthyRevision(contextOf(world))?.revision.number, expected))
})
