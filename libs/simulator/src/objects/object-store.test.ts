import assert from 'node:assert/strict'
import { RESOURCES, type Deployment, type Pod } from '@kubewise/kube'
import { systemClock, type Clock } from '@kubewise/service'
import type { ObjectChange } from '../port.ts'
import { ApiStatus, createObjectStore } from './index.ts'

const AT_NOON: Clock = { ...systemClock, now: () => Date.parse('2026-03-01T12:00:00.400Z') }

function pod(name: string, extra: Partial<Pod> = {}): Pod {
  return { metadata: { name, namespace: 'shop' }, spec: { containers: [{ name: 'app', image: 'a:1' }] }, ...extra }
}

function isStatus(code: number, reason: string) {
  return (error: unknown) => error instanceof ApiStatus && error.code === code && error.reason === reason
}

describe('object store', () => {
  const open = () => createObjectStore({ clock: AT_NOON })

  it('gives a new object its type, uid, date of the clock, generation and a growing resource version', () => {
    const store = open()
    const a = store.create(RESOURCES.Pod, pod('a'), 'test')
    const b = store.create(RESOURCES.Pod, pod('b'), 'test')
    assert.equal(a.kind, 'Pod')
    assert.equal(a.metadata?.creationTimestamp, '2026-03-01T12:00:00Z')
    assert.equal(a.metadata?.generation, 1)
    assert.match(a.metadata?.uid ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    assert.notEqual(a.metadata?.uid, b.metadata?.uid)
    assert.ok(Number(b.metadata?.resourceVersion) > Number(a.metadata?.resourceVersion))
    assert.equal(store.resourceVersion(), b.metadata?.resourceVersion)
  })

  it('makes names from generateName, the same ones for the same seed', () => {
    const nameOf = () =>
      open().create(RESOURCES.Pod, pod('', { metadata: { generateName: 'web-', namespace: 'shop' } }), 'test').metadata
        ?.name
    assert.match(nameOf() ?? '', /^web-[a-z0-9]{5}$/)
    assert.equal(nameOf(), nameOf())
  })

  it('refuses a second object of one name, and an update of one that is not there', () => {
    const store = open()
    store.create(RESOURCES.Pod, pod('a'), 'test')
    assert.throws(() => store.create(RESOURCES.Pod, pod('a'), 'test'), isStatus(409, 'AlreadyExists'))
    assert.throws(() => store.update(RESOURCES.Pod, 'shop', 'b', 'test', (it) => it), isStatus(404, 'NotFound'))
  })

  it('refuses a namespaced object without namespace: a mistake of the caller', () => {
    assert.throws(() => open().create(RESOURCES.Pod, { metadata: { name: 'a' } }, 'test'), TypeError)
  })

  it('hands out frozen objects, and copies to change', () => {
    const store = open()
    const stored = store.create(RESOURCES.Pod, pod('a'), 'test')
    assert.throws(() => Object.assign(stored.spec?.containers[0] ?? {}, { image: 'b:1' }), TypeError)
    store.update<Pod>(RESOURCES.Pod, 'shop', 'a', 'test', (it) =>
      Object.assign(it, { spec: { ...it.spec, nodeName: 'n' } }),
    )
    assert.equal(store.get<Pod>(RESOURCES.Pod, 'shop', 'a')?.spec?.nodeName, 'n')
    assert.equal(stored.spec?.nodeName, undefined)
  })

  it('counts changes of the spec in the generation, not those of the status', () => {
    const store = open()
    const deployment: Deployment = {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 1 },
    }
    store.create(RESOURCES.Deployment, deployment, 'test')
    const generationAfter = (change: Partial<Deployment>) =>
      store.update<Deployment>(RESOURCES.Deployment, 'shop', 'web', 'test', (it) => ({ ...it, ...change })).metadata
        ?.generation
    assert.equal(generationAfter({ status: { replicas: 1 } }), 1)
    assert.equal(generationAfter({ spec: { replicas: 2 } }), 2)
  })

  it('keeps uid, name and date through an update that tries to change them', () => {
    const store = open()
    const before = store.create(RESOURCES.Pod, pod('a'), 'test')
    const after = store.update<Pod>(RESOURCES.Pod, 'shop', 'a', 'test', (it) => ({
      ...it,
      metadata: { name: 'z', namespace: 'other', uid: 'x', labels: { a: 'b' } },
    }))
    assert.equal(after.metadata?.name, 'a')
    assert.equal(after.metadata?.uid, before.metadata?.uid)
    assert.deepEqual(after.metadata?.labels, { a: 'b' })
  })

  it('makes no new version and tells nobody where an update changes nothing', () => {
    const store = open()
    const stored = store.create(RESOURCES.Pod, pod('a'), 'test')
    const changes: ObjectChange[] = []
    store.subscribe((change) => changes.push(change))
    assert.equal(
      store.update(RESOURCES.Pod, 'shop', 'a', 'test', (it) => it),
      stored,
    )
    assert.deepEqual(changes, [])
  })

  it('tells of changes in their order, also those that a listener makes', () => {
    const store = open()
    const seen: string[] = []
    store.subscribe(({ type, object }) => {
      if (type === 'ADDED' && object.metadata?.name === 'a') store.create(RESOURCES.Pod, pod('b'), 'test')
    })
    store.subscribe(({ type, object }) => seen.push(`${type} ${object.metadata?.name}`))
    store.create(RESOURCES.Pod, pod('a'), 'test')
    store.remove(RESOURCES.Pod, 'shop', 'a')
    assert.deepEqual(seen, ['ADDED a', 'ADDED b', 'DELETED a'])
  })

  it('removes an object on its way out once the last finalizer is gone', () => {
    const store = open()
    store.create(RESOURCES.Pod, pod('a', { metadata: { name: 'a', namespace: 'shop', finalizers: ['x/y'] } }), 'test')
    const setMetadata = (change: object) =>
      store.update<Pod>(RESOURCES.Pod, 'shop', 'a', 'test', (it) => ({
        ...it,
        metadata: { ...it.metadata, ...change },
      }))
    setMetadata({ deletionTimestamp: '2026-03-01T12:00:00Z' })
    assert.ok(store.get(RESOURCES.Pod, 'shop', 'a'))
    setMetadata({ finalizers: [] })
    assert.equal(store.get(RESOURCES.Pod, 'shop', 'a'), undefined)
  })
})
