import assert from 'node:assert/strict'
import { VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import { KubeError } from './errors.ts'
import type { KubernetesObject, OwnerReference } from './objects.ts'
import { createOwnerResolver } from './owner-resolver.ts'
import { topOwner, type GetOwner } from './owners.ts'
import type { Kube, ObjectRef, Resource } from './port.ts'

function owner(apiVersion: string, kind: string, name: string, controller = true): OwnerReference {
  return { apiVersion, kind, name, uid: `uid-${name}`, controller }
}

function object(
  apiVersion: string,
  kind: string,
  name: string,
  ...ownerReferences: OwnerReference[]
): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', uid: `uid-${name}`, ownerReferences } }
}

const among =
  (...objects: KubernetesObject[]): GetOwner =>
  ({ kind, name }) =>
    objects.find((one) => one.kind === kind && one.metadata?.name === name)

const none: GetOwner = () => undefined
const replicaSet = object('apps/v1', 'ReplicaSet', 'web-1', owner('apps/v1', 'Deployment', 'web'))
const pod = object('v1', 'Pod', 'web-1-x', owner('apps/v1', 'ReplicaSet', 'web-1'))
const job = object('batch/v1', 'Job', 'nightly-1', owner('batch/v1', 'CronJob', 'nightly'))

describe('top owner', () => {
  const cases: [
    what: string,
    start: KubernetesObject,
    get: GetOwner,
    top: string,
    isBare: boolean,
    isComplete: boolean,
  ][] = [
    ['a pod of a Deployment', pod, among(replicaSet), 'Deployment/web', false, true],
    ['a ReplicaSet', replicaSet, none, 'Deployment/web', false, true],
    ['a Deployment', object('apps/v1', 'Deployment', 'web'), none, 'Deployment/web', false, true],
    [
      'a pod of a StatefulSet',
      object('v1', 'Pod', 'db-0', owner('apps/v1', 'StatefulSet', 'db')),
      none,
      'StatefulSet/db',
      false,
      true,
    ],
    [
      'a pod of a DaemonSet',
      object('v1', 'Pod', 'log-x', owner('apps/v1', 'DaemonSet', 'log')),
      none,
      'DaemonSet/log',
      false,
      true,
    ],
    [
      'a pod of a CronJob',
      object('v1', 'Pod', 'nightly-1-x', owner('batch/v1', 'Job', 'nightly-1')),
      among(job),
      'CronJob/nightly',
      false,
      true,
    ],
    [
      'a pod of a Job',
      object('v1', 'Pod', 'once-x', owner('batch/v1', 'Job', 'once')),
      among(object('batch/v1', 'Job', 'once')),
      'Job/once',
      false,
      true,
    ],
    ['a bare pod', object('v1', 'Pod', 'lonely'), none, 'Pod/lonely', true, true],
    [
      'a pod owned, but not controlled',
      object('v1', 'Pod', 'lonely', owner('v1', 'ConfigMap', 'c', false)),
      none,
      'Pod/lonely',
      true,
      true,
    ],
    [
      'a static pod of a node',
      object('v1', 'Pod', 'etcd-n1', owner('v1', 'Node', 'n1')),
      none,
      'Pod/etcd-n1',
      true,
      true,
    ],
    ['a pod of a ReplicaSet that is gone', pod, none, 'ReplicaSet/web-1', false, false],
    [
      'a pod of a custom resource',
      object('v1', 'Pod', 'pg-1', owner('postgresql.cnpg.io/v1', 'Cluster', 'pg')),
      none,
      'Cluster/pg',
      false,
      false,
    ],
    [
      'a StatefulSet of an operator, which is where the chain ends',
      object('apps/v1', 'StatefulSet', 'prom', owner('monitoring.coreos.com/v1', 'Prometheus', 'k8s')),
      none,
      'StatefulSet/prom',
      false,
      true,
    ],
    [
      'a pod of an Argo Rollout',
      pod,
      among(object('apps/v1', 'ReplicaSet', 'web-1', owner('argoproj.io/v1alpha1', 'Rollout', 'web'))),
      'Rollout/web',
      false,
      false,
    ],
    [
      'a pod whose ReplicaSet was replaced by another of the same name',
      pod,
      () => ({ ...replicaSet, metadata: { ...replicaSet.metadata, uid: 'other' } }),
      'ReplicaSet/web-1',
      false,
      false,
    ],
  ]
  for (const [what, start, get, top, isBare, isComplete] of cases) {
    it(`of ${what} is ${top}`, async () => {
      const found = await topOwner(start, get)
      assert.equal(`${found.top.kind}/${found.top.name}`, top)
      assert.deepEqual([found.isBare, found.isComplete], [isBare, isComplete])
      assert.equal(found.top.namespace, 'shop')
      assert.deepEqual(found.chain.at(-1), found.top)
    })
  }

  it('is found for any tangle of owners, cycles included', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
    const name = fc.constantFrom(...names)
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, name, { maxKeys: 12 }), name, async (owners, start) => {
        const make = (one: string) => {
          const controller = Object.hasOwn(owners, one) ? owners[one] : undefined
          return object(
            'x.io/v1',
            'Thing',
            one,
            ...(controller === undefined ? [] : [owner('x.io/v1', 'Thing', controller)]),
          )
        }
        const { chain } = await topOwner(make(start), ({ name: one }) => make(one))
        assert.ok(chain.length <= 9)
        assert.equal(new Set(chain.map(({ uid }) => uid)).size, chain.length)
      }),
    )
  })
})

describe('owner resolver', () => {
  function setUp(objects: KubernetesObject[]) {
    const clock = new VirtualClock()
    const asked: string[] = []
    const failing = new Set<string>()
    const kube = {
      get: (resource: Resource, { name }: ObjectRef) => {
        asked.push(`${resource.kind}/${name}`)
        const kind = failing.has('unreachable') ? 'unreachable' : failing.has('forbidden') ? 'forbidden' : undefined
        if (kind !== undefined) return Promise.reject(new KubeError({ kind, message: kind }))
        return Promise.resolve(objects.find((one) => one.kind === resource.kind && one.metadata?.name === name))
      },
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the generic answer is the test's own objects
    } as Pick<Kube, 'get'>
    return { clock, asked, failing, resolver: createOwnerResolver(kube, { clock }) }
  }
  const name = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1-x' }

  it('asks once for what many pods share, also when they come at the same time', async () => {
    const { resolver, asked } = setUp([replicaSet])
    const found = await Promise.all([resolver.ownershipOf(pod), resolver.ownershipOf(pod), resolver.ownershipOf(pod)])
    assert.deepEqual(
      found.map(({ top }) => top.name),
      ['web', 'web', 'web'],
    )
    assert.deepEqual(asked, ['ReplicaSet/web-1'])
  })

  it('looks up by name, and asks nothing that it was told', async () => {
    const { resolver, asked } = setUp([])
    resolver.learn(pod)
    resolver.learn(replicaSet)
    assert.equal((await resolver.lookUp(name))?.top.name, 'web')
    assert.deepEqual(asked, [])
  })

  it('remembers for a while that something is absent', async () => {
    const { resolver, asked, clock } = setUp([])
    assert.equal(await resolver.lookUp(name), undefined)
    assert.equal(await resolver.lookUp(name), undefined)
    assert.equal(asked.length, 1)
    await clock.advance(31_000)
    await resolver.lookUp(name)
    assert.equal(asked.length, 2)
  })

  it('forgets what it has found after its time', async () => {
    const { resolver, asked, clock } = setUp([replicaSet])
    await resolver.ownershipOf(pod)
    await clock.advance(11 * 60_000)
    await resolver.ownershipOf(pod)
    assert.equal(asked.length, 2)
  })

  it('does not take another object of the same name for the one it knows', async () => {
    const { resolver, asked } = setUp([pod, replicaSet])
    resolver.learn({ ...pod, metadata: { ...pod.metadata, uid: 'older', ownerReferences: [] } })
    assert.equal((await resolver.lookUp({ ...name, uid: 'uid-web-1-x' }))?.top.name, 'web')
    assert.deepEqual(asked, ['Pod/web-1-x', 'ReplicaSet/web-1'])
  })

  it('is incomplete where it may not read, and fails where it cannot ask, without remembering that', async () => {
    const { resolver, failing } = setUp([replicaSet])
    failing.add('unreachable')
    await assert.rejects(resolver.ownershipOf(pod), /unreachable/)
    failing.delete('unreachable')
    assert.equal((await resolver.ownershipOf(pod)).isComplete, true)
    const other = setUp([replicaSet])
    other.failing.add('forbidden')
    assert.deepEqual((await other.resolver.ownershipOf(pod)).isComplete, false)
  })
})
