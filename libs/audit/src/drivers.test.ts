import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { COLLECTIONS } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore, type Store, type StoreTarget } from '@kubewise/store'
import { FERRET_MISSING, findFerret, skipWithout, startFerret, temporaryFolder, testKit } from '@kubewise/testkit'
import { createChain } from './chain.ts'
import { newKey, readPublicKeys, signerFrom } from './key.ts'
import { createSealer } from './seal.ts'
import { verifyAudit } from './verify.ts'

const signer = signerFrom(newKey())
const keys = readPublicKeys(signer.publicKey)

/** What an audit needs of a record, whichever keeps it. */
function auditContract(target: () => Promise<StoreTarget>): void {
  let store: Store
  before(async () => {
    store = await openStore(await target(), { clock: systemClock, log: silentLog })
    const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
    for (const writer of ['api', 'executor', 'executor-b']) {
      const ports = { ...testKit(), store, bus, cluster: 'test', writer, openSigner: async () => signer }
      const chains = [createChain(ports), createChain(ports)]
      const entry = {
        event: 'intent' as const,
        actor: 'a',
        say: 'so',
        atMs: 1,
        detail: { 'a.b': [{ $x: null }], 10: 1, 9: 2 },
      }
      await Promise.all(Array.from({ length: 30 }, (_, i) => chains[i % 2]!.append(entry)))
      await createSealer(ports).stop()
    }
  })
  after(() => store?.close())

  it('is whole as it was written, by two at the same time', async () => {
    const { faults, chains } = await verifyAudit(store, { keys, isSealedDemanded: true })
    assert.deepEqual(faults, [])
    assert.deepEqual(
      chains.map(({ writer, links, sealedTo }) => [writer, links, sealedTo]),
      [
        ['api', 30, 29],
        ['executor-b', 30, 29],
        ['executor', 30, 29],
      ].sort(([a], [b]) => (`${a}/` < `${b}/` ? -1 : 1)),
    )
  })

  it('shows an edit and a deletion', async () => {
    const audit = store.collection(COLLECTIONS.audit)
    const link = await audit.get('executor/000000000004')
    await audit.replace({ ...link!, say: 'nothing' })
    await audit.delete('api/000000000029')
    const { faults } = await verifyAudit(store, { keys })
    assert.deepEqual(
      faults.map(({ code }) => code),
      ['truncated', 'edited'],
    )
  })
}

describe('an audit in SQLite', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  after(() => folder[Symbol.asyncDispose]())
  auditContract(async () => {
    folder = await temporaryFolder()
    return { kind: 'sqlite', file: join(folder.path, 'record.sqlite') }
  })
})

describe('an audit in ferretdb', () => {
  skipWithout(findFerret(), FERRET_MISSING)
  let stop: (() => Promise<void>) | undefined
  after(() => stop?.())
  auditContract(async () => {
    const ferret = await startFerret()
    stop = () => ferret.stop()
    return { kind: 'mongo', uri: ferret.uri, database: `kubewise-test-${randomUUID()}` }
  })
})
