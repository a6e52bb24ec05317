import assert from 'node:assert/strict'
import { testKit, VirtualClock } from '@kubewise/testkit'
import { createLogger } from './log.ts'
import { untilUp } from './until-up.ts'

const HOUR = 3_600_000

function setUp() {
  const lines: string[] = []
  const log = createLogger({ service: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } })
  const clock = new VirtualClock()
  return { kit: testKit({ clock, log }), clock, lines }
}

describe('untilUp', () => {
  it('gives what is there at once, without a line', async () => {
    const { kit, lines } = setUp()
    assert.equal(await untilUp('nats', async () => 'connection', kit), 'connection')
    assert.equal(kit.health.report().isReady, true)
    assert.deepEqual(lines, [])
  })

  it('waits as long as it takes; health says what is missing, the log says it once', async () => {
    const { kit, clock, lines } = setUp()
    let isUp = false
    let attempts = 0
    const connect = async () => {
      attempts++
      if (!isUp) throw new Error('connect ECONNREFUSED 127.0.0.1:4222')
      return 'connection'
    }
    const connected = untilUp('nats', connect, kit)
    await clock.advance(HOUR)
    assert.ok(attempts > HOUR / 15_000, `${attempts} attempts in an hour`)
    assert.deepEqual(kit.health.report().checks['nats'], {
      kind: 'ready',
      ok: false,
      say: 'nats cannot be reached: connect ECONNREFUSED 127.0.0.1:4222',
    })
    assert.equal(lines.length, 1)

    isUp = true
    await clock.advance(15_000)
    assert.equal(await connected, 'connection')
    assert.equal(kit.health.report().isReady, true)
    assert.equal(lines.length, 2)
  })

  it('is not ready while the first attempt hangs', async () => {
    const { kit } = setUp()
    const connecting = untilUp(
      'nats',
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
      kit,
    )
    assert.equal(kit.health.report().isReady, false)
    kit.abort()
    await assert.rejects(connecting, { message: 'the test is over' })
  })

  it('ends with the signal, also at rest', async () => {
    const { kit, clock } = setUp()
    const connecting = assert.rejects(
      untilUp('nats', () => Promise.reject(new Error('no')), kit),
      { message: 'the test is over' },
    )
    await clock.advance(1)
    kit.abort()
    await connecting
  })
})
