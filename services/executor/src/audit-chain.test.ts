import assert from 'node:assert/strict'
import { COLLECTIONS } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { createAuditChain } from './audit-chain.ts'
import { chainFaults } from './fixture/checker.ts'
import { MemoryBus } from './fixture/memory-bus.ts'
import { MemoryStore } from './fixture/memory-store.ts'

function chainOn(store: MemoryStore, holder: string, bus = new MemoryBus()) {
  return createAuditChain({ store, bus, clock: systemClock, log: silentLog, cluster: 'test', holder })
}

describe('the audit chain', () => {
  it('is one, however many write it at the same time', async () => {
    const store = new MemoryStore()
    const chains = ['a', 'b', 'c'].map((holder) => chainOn(store, holder))
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => chains[i % 3]!.append({ event: 'intent', say: `link ${i}` })),
    )
    const records = store.documents(COLLECTIONS.audit)
    assert.equal(records.length, 30)
    assert.deepEqual(chainFaults(records), [])
    assert.deepEqual(new Set(records.map(({ actor }) => actor)), new Set(['a', 'b', 'c']))
  })

  it('goes on after a link whose fate was not known', async () => {
    const store = new MemoryStore()
    const chain = chainOn(store, 'a')
    await chain.append({ event: 'intent', say: 'one' })
    store.fault = ({ isWrite }) => (isWrite ? 'answer-lost' : 'none')
    await assert.rejects(chain.append({ event: 'intent', say: 'two' }))
    store.fault = () => 'none'
    await chain.append({ event: 'intent', say: 'three' })
    const records = store.documents(COLLECTIONS.audit)
    assert.deepEqual(
      records.map(({ say }) => say),
      ['one', 'two', 'three'],
    )
    assert.deepEqual(chainFaults(records), [])
  })

  it('shows what was edited, removed or moved', async () => {
    const store = new MemoryStore()
    const chain = chainOn(store, 'a')
    for (const say of ['one', 'two', 'three']) await chain.append({ event: 'effect', say })
    const records = store.documents(COLLECTIONS.audit)
    const [first, second, third] = records
    assert.deepEqual(chainFaults(records), [])
    assert.notDeepEqual(chainFaults([first!, { ...second!, say: 'nothing' }, third!]), [])
    assert.notDeepEqual(chainFaults([first!, third!]), [])
    assert.notDeepEqual(chainFaults([{ ...second!, position: 0 }, { ...first!, position: 1 }, third!]), [])
  })

  it('needs no bus', async () => {
    const bus = new MemoryBus()
    bus.isDown = true
    const store = new MemoryStore()
    await chainOn(store, 'a', bus).append({ event: 'intent', say: 'one' })
    assert.equal(store.documents(COLLECTIONS.audit).length, 1)
  })
})
