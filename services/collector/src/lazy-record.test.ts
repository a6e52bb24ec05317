import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { circuitsBy } from '@kubewise/service'
import { temporaryFolder, testKit } from '@kubewise/testkit'
import { readConfig } from './config.ts'
import { lazyRecord } from './lazy-record.ts'

describe('the record of a service that works without it', () => {
  it('is not opened before it is asked for, is tried again, and opened once', async () => {
    await using folder = await temporaryFolder()
    const place = join(folder.path, 'place')
    const file = join(place, 'db')
    const kit = testKit()
    const config = readConfig({ NATS_URL: 'nats://n:4222', KUBEWISE_STORE: `sqlite:${file}` })
    const record = lazyRecord(config, kit, circuitsBy(config, kit))
    await record.close()
    assert.equal(existsSync(place), false)

    await writeFile(place, 'no folder')
    await assert.rejects(record.open())
    await rm(place)
    const [one, other] = await Promise.all([record.open(), record.open()])
    assert.equal(one, other)
    await one.ping()
    await record.close()
    await assert.rejects(one.ping(), { kind: 'closed' })
    kit.abort()
  })
})
