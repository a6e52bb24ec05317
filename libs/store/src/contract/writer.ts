import { writeSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore } from '../open.ts'
import type { StoreTarget } from '../target.ts'
import { things } from './thing.ts'
import { dataFor } from './whole.ts'

// A process for tests: writes as fast as it can and tells each write once it is acknowledged, until it is killed.
const target = JSON.parse(process.argv[2] ?? '') as StoreTarget
const store = await openStore(target, { clock: systemClock, log: silentLog })
const collection = store.collection(things('written'))
const tell = (id: string, version: number) => writeSync(1, `${id} ${version}\n`)

for (;;) {
  const _id = randomUUID()
  await collection.insert({ _id, count: 1, data: dataFor(_id, 1) })
  tell(_id, 1)
  for (let version = 1; version < 4; version++) {
    await collection.replace({ _id, count: version + 1, data: dataFor(_id, version + 1), version })
    tell(_id, version + 1)
  }
}
