import assert from 'node:assert/strict'
import { RESOURCES, type ConfigMap, type Namespace, type PersistentVolumeClaim, type Pod } from '@kubewise/kube'
import { VirtualClock } from '@kubewise/testkit'
import { CLAIM_FINALIZER, startClaimProtection } from './claim-protection.ts'
import { deleteObject, type DeletionOptions } from './deletion.ts'
import { startGarbageCollector } from './garbage-collector.ts'
import { startNamespaceController } from './namespace-controller.ts'
import { createObjectStore } from './object-store.ts'

function open() {
  const clock = new VirtualClock()
  const etcd = createObjectStore({ clock })
  startGarbageCollector({ etcd, clock })
  const add = (name: string, ...owners: ConfigMap[]) => {
    const ownerReferences = owners.map(({ metadata }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: metadata?.name ?? '',
      uid: metadata?.uid ?? '',
    }))
    return etcd.create<ConfigMap>(
      RESOURCES.ConfigMap,
      { metadata: { name, namespace: 'shop', ownerReferences } },
      'test',
    )
  }
  const remove = (name: string, options?: DeletionOptions) =>
    deleteObject(etcd, clock, RESOURCES.ConfigMap, 'shop', name, options)
  const names = () => etcd.list(RESOURCES.ConfigMap, 'shop').map(({ metadata }) => metadata?.name)
  return { clock, etcd, add, remove, names }
}

describe('garbage collection', () => {
  it('takes dependents with their owner, and theirs with them', () => {
    const { add, remove, names } = open()
    const owner = add('owner')
    const child = add('child', owner)
    add('grandchild', child)
    add('stranger')
    remove('owner')
    assert.deepEqual(names(), ['stranger'])
  })

  it('leaves what has another owner, who becomes the only one', () => {
    const { etcd, add, remove, names } = open()
    const one = add('one')
    const two = add('two')
    add('child', one, two)
    remove('one')
    assert.deepEqual(names(), ['two', 'child'])
    const child = etcd.get<ConfigMap>(RESOURCES.ConfigMap, 'shop', 'child')
    assert.deepEqual(
      child?.metadata?.ownerReferences?.map(({ name }) => name),
      ['two'],
    )
    remove('two')
    assert.deepEqual(names(), [])
  })

  it('orphans dependents where that is wished', () => {
    const { etcd, add, remove, names } = open()
    add('child', add('owner'))
    remove('owner', { propagationPolicy: 'Orphan' })
    assert.deepEqual(names(), ['child'])
    assert.equal(etcd.get(RESOURCES.ConfigMap, 'shop', 'child')?.metadata?.ownerReferences, undefined)
  })

  it('keeps an owner in the foreground until its dependents are gone', () => {
    const { etcd, clock, add, remove, names } = open()
    const owner = add('owner')
    const { name = '', uid = '' } = owner.metadata ?? {}
    const pod: Pod = {
      metadata: { name: 'p', namespace: 'shop', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }] },
      spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'i' }] },
    }
    etcd.create(RESOURCES.Pod, pod, 'test')
    assert.equal(remove('owner', { propagationPolicy: 'Foreground' }).isGone, false)
    assert.deepEqual(names(), ['owner'])
    assert.ok(etcd.get(RESOURCES.Pod, 'shop', 'p')?.metadata?.deletionTimestamp)
    deleteObject(etcd, clock, RESOURCES.Pod, 'shop', 'p', { gracePeriodSeconds: 0 })
    assert.deepEqual(names(), [])
  })
})

describe('claims', () => {
  it('wait for the last pod that uses them', () => {
    const { etcd, clock } = open()
    startClaimProtection({ etcd })
    const claim: PersistentVolumeClaim = {
      metadata: { name: 'data', namespace: 'shop', finalizers: [CLAIM_FINALIZER] },
    }
    etcd.create(RESOURCES.PersistentVolumeClaim, claim, 'test')
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
    const pod: Pod = {
      metadata: { name: 'p', namespace: 'shop' },
      spec: { volumes, containers: [{ name: 'c', image: 'i' }] },
    }
    etcd.create(RESOURCES.Pod, pod, 'test')
    deleteObject(etcd, clock, RESOURCES.PersistentVolumeClaim, 'shop', 'data')
    assert.ok(etcd.get(RESOURCES.PersistentVolumeClaim, 'shop', 'data'))
    deleteObject(etcd, clock, RESOURCES.Pod, 'shop', 'p')
    assert.equal(etcd.get(RESOURCES.PersistentVolumeClaim, 'shop', 'data'), undefined)
  })
})

describe('namespaces', () => {
  it('are furnished when they come, and emptied before they go', () => {
    const { etcd, clock, add } = open()
    startNamespaceController({ etcd, clock })
    const namespace = { metadata: { name: 'shop' }, spec: { finalizers: ['kubernetes'] } }
    etcd.create(RESOURCES.Namespace, namespace, 'test')
    assert.ok(etcd.get(RESOURCES.ConfigMap, 'shop', 'kube-root-ca.crt'))
    add('a')
    const held = { metadata: { name: 'held', namespace: 'shop', finalizers: ['example.io/hold'] } }
    etcd.create<ConfigMap>(RESOURCES.ConfigMap, held, 'test')
    deleteObject(etcd, clock, RESOURCES.Namespace, undefined, 'shop')
    assert.deepEqual(
      etcd.list(RESOURCES.ConfigMap, 'shop').map(({ metadata }) => metadata?.name),
      ['held'],
    )
    const leaving = etcd.get<Namespace>(RESOURCES.Namespace, undefined, 'shop')
    assert.equal(leaving?.status?.phase, 'Terminating')
    etcd.update<ConfigMap>(RESOURCES.ConfigMap, 'shop', 'held', 'test', (it) => ({
      ...it,
      metadata: { ...it.metadata, finalizers: [] },
    }))
    assert.equal(etcd.get(RESOURCES.Namespace, undefined, 'shop'), undefined)
  })
})
