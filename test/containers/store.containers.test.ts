import { randomUUID } from 'node:crypto'
import { skipWithout } from '@kubewise/testkit'
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers'
import { storeContract } from '../../libs/store/src/contract/contract.ts'
import { findEngine, NO_ENGINE } from './engine.ts'

const MONGO_PORT = 27017
const SECOND_MS = 1000
/** An image that is not there yet must be pulled first. */
const START_MS = 300 * SECOND_MS

describe('the record in mongo:8', function suite() {
  this.timeout(START_MS)
  skipWithout(findEngine(), NO_ENGINE)
  let mongo: StartedTestContainer

  before(async () => {
    if (!findEngine()) return
    mongo = await new GenericContainer('mongo:8')
      .withExposedPorts(MONGO_PORT)
      .withHealthCheck({
        test: ['CMD', 'mongosh', '--quiet', '--eval', 'db.adminCommand({ ping: 1 }).ok || quit(1)'],
        interval: SECOND_MS,
        timeout: 5 * SECOND_MS,
        retries: 60,
      })
      .withWaitStrategy(Wait.forHealthCheck())
      .start()
  })
  after(() => mongo?.stop())

  storeContract(() => ({
    target: () =>
      Promise.resolve({
        kind: 'mongo',
        uri: `mongodb://${mongo.getHost()}:${mongo.getMappedPort(MONGO_PORT)}`,
        database: `kubewise-test-${randomUUID()}`,
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }))
})
