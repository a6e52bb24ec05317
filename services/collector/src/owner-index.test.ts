import assert from 'node:assert/strict'
import type { KubernetesObject } from '@kubewise/kube'
import { OwnerIndex } from './owner-index.ts'

const owned = (name: string, kind?: string, owner?: string, labels: Record<string, string> = {}): KubernetesObject => ({
  metadata: {
    namespace: 'shop',
    name,
    labels,
    ...(kind &&
      owner && { ownerReferences: [{ apiVersion: 'apps/v1', kind, name: owner, uid: 'u', controller: true }] }),
  },
})

describe('OwnerIndex', () => {
  const hash = { 'pod-template-hash': 'abc12' }
  const cases: [string, [string, KubernetesObject][], string][] = [
    [
      'follows the chain',
      [
        ['ReplicaSet', owned('web-abc12', 'Deployment', 'web')],
        ['Pod', owned('p', 'ReplicaSet', 'web-abc12', hash)],
      ],
      'Deployment/web',
    ],
    [
      'knows the Deployment of a ReplicaSet that was not seen yet',
      [['Pod', owned('p', 'ReplicaSet', 'web-abc12', hash)]],
      'Deployment/web',
    ],
    [
      'takes a ReplicaSet without that label as what it is',
      [['Pod', owned('p', 'ReplicaSet', 'web-abc12')]],
      'ReplicaSet/web-abc12',
    ],
    [
      'believes the ReplicaSet once it is seen',
      [
        ['Pod', owned('p', 'ReplicaSet', 'web-abc12', hash)],
        ['ReplicaSet', owned('web-abc12')],
      ],
      'ReplicaSet/web-abc12',
    ],
    ['ends at a kind that is not watched', [['Pod', owned('p', 'Rollout', 'web')]], 'Rollout/web'],
    ['takes a pod of a node as itself', [['Pod', owned('p', 'Node', 'node-1')]], 'Pod/p'],
    ['takes a bare pod as itself', [['Pod', owned('p')]], 'Pod/p'],
    ['does not go in circles', [['Pod', owned('p', 'Pod', 'p')]], 'Pod/p'],
  ]
  for (const [what, objects, expected] of cases)
    it(what, () => {
      const index = new OwnerIndex('c')
      for (const [kind, object] of objects) index.set(kind, object)
      const { kind, name } = index.targetOf('Pod', 'shop', 'p')
      assert.equal(`${kind}/${name}`, expected)
    })
  it('forgets a ReplicaSet that only its pods have named, with the last of them', () => {
    const index = new OwnerIndex('c')
    const pods = ['p', 'q'].map((name) => owned(name, 'ReplicaSet', 'web-abc12', hash))
    index.set('ReplicaSet', owned('web-abc12', 'Deployment', 'web'))
    index.delete('ReplicaSet', owned('web-abc12'))
    for (const pod of pods) index.set('Pod', pod)
    index.delete('Pod', pods[0]!)
    assert.ok(index.has('ReplicaSet', 'shop', 'web-abc12'))
    index.delete('Pod', pods[1]!)
    assert.ok(!index.has('ReplicaSet', 'shop', 'web-abc12'))
  })
  it('keeps a ReplicaSet that was seen when its pods are gone', () => {
    const index = new OwnerIndex('c')
    const pod = owned('p', 'ReplicaSet', 'web-abc12', hash)
    index.set('Pod', pod)
    index.set('ReplicaSet', owned('web-abc12', 'Deployment', 'web'))
    index.delete('Pod', pod)
    assert.ok(index.has('ReplicaSet', 'shop', 'web-abc12'))
  })
})
