import assert from 'node:assert/strict'
import { closing } from './closing.ts'
import { createHealth } from './health.ts'
import type { Service } from './kit.ts'

function setUp(stop: Service['stop'] = async () => undefined) {
  const events: string[] = []
  const tell = (event: string) => async () => void events.push(event)
  const health = createHealth()
  const service = { name: 'probe', health, start: tell('start'), stop: () => tell('stop')().then(stop) }
  const port = (name: string, close = tell(name)) => ({ close })
  return { events, health, service, port, tell }
}

describe('closing', () => {
  it('is the service, and closes its ports in their order after it stopped', async () => {
    const { events, health, service, port } = setUp()
    const closes = closing(service, port('consumer'), port('bus'))
    assert.deepEqual([closes.name, closes.health], ['probe', health])
    await closes.start()
    await closes.stop()
    assert.deepEqual(events, ['start', 'stop', 'consumer', 'bus'])
  })

  it('closes them also after a stop that failed, and tells', async () => {
    const { events, service, port } = setUp(() => Promise.reject(new Error('cannot stop')))
    await assert.rejects(closing(service, port('bus')).stop(), { message: 'cannot stop' })
    assert.deepEqual(events, ['stop', 'bus'])
  })

  it('closes the others also when one cannot be closed', async () => {
    const { events, service, port } = setUp()
    const stuck = port('bus', () => Promise.reject(new Error('stuck')))
    await assert.rejects(closing(service, stuck, port('store')).stop(), { message: 'stuck' })
    assert.deepEqual(events, ['stop', 'store'])
  })
})
