import { join } from 'node:path'
import { temporaryFolder } from '@kubewise/testkit'
import type { Backend } from './contract/backend.ts'
import { storeContract } from './contract/contract.ts'

describe('the record in SQLite', () => {
  let backend: Backend
  before(async () => {
    const folder = await temporaryFolder()
    let count = 0
    backend = {
      target: () => Promise.resolve({ kind: 'sqlite', file: join(folder.path, `${count++}`, 'record.sqlite') }),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    }
  })
  after(() => backend[Symbol.asyncDispose]())

  storeContract(() => backend)
})
