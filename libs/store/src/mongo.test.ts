import { randomUUID } from 'node:crypto'
import { FERRET_MISSING, findFerret, skipWithout, startFerret } from '@kubewise/testkit'
import type { Backend } from './contract/backend.ts'
import { MONGO_URI } from './contract/config.ts'
import { storeContract } from './contract/contract.ts'

/** Each record is a database of its own. */
const backendAt = (uri: string, stop: () => Promise<void>): Backend => ({
  target: () => Promise.resolve({ kind: 'mongo', uri, database: `kubewise-test-${randomUUID()}` }),
  [Symbol.asyncDispose]: stop,
})

describe('the record in ferretdb', () => {
  const found = skipWithout(findFerret(), FERRET_MISSING)
  let backend: Backend
  before(async () => {
    if (found === undefined) return
    const ferret = await startFerret()
    backend = backendAt(ferret.uri, () => ferret.stop())
  })
  after(() => backend?.[Symbol.asyncDispose]())

  storeContract(() => backend)
})

describe('the record in MongoDB', () => {
  const uri = skipWithout(MONGO_URI, 'no MONGO_URI of a MongoDB that tests may write to')

  storeContract(() => backendAt(uri, () => Promise.resolve()))
})
