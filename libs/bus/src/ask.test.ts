import assert from 'node:assert/strict'
import type { Subject } from '@kubewise/contracts'
import { BusError } from './errors.ts'
import { decodeTick, onEachServer, openBus } from './each-server.ts'

const subject = 'kubewise.v1.test.question' as Subject
const isCode =
  (code: BusError['code'], say = '') =>
  (error: unknown) =>
    error instanceof BusError && error.code === code && error.message.includes(say)

onEachServer('asking', (start) => {
  it('gets the answer of one of all who answer', async () => {
    await using nats = await start()
    await using asker = await openBus(nats)
    await using one = await openBus(nats)
    await using other = await openBus(nats)
    let asked = 0
    for (const bus of [one, other])
      bus.answer(subject, decodeTick, async ({ n }) => {
        asked++
        return { n: n + 1 }
      })
    // A subscription counts once the server has it, which an answer on the same connection proves.
    for (const bus of [one, other]) await bus.ask(subject, { n: 1 }, decodeTick, 5000)
    const before = asked
    assert.deepEqual(await asker.ask(subject, { n: 1 }, decodeTick, 5000), { n: 2 })
    assert.equal(asked, before + 1)
  })

  it('says that nobody answers', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    await assert.rejects(bus.ask(subject, { n: 1 }, decodeTick, 5000), isCode('no-stream'))
  })

  it('says what is wrong with a question, an answer, or whoever answers', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    const answers: Record<number, () => object> = {
      1: () => ({ n: 'x' }),
      2: () => {
        throw new Error('the record is gone')
      },
    }
    bus.answer(subject, decodeTick, async ({ n }) => answers[n]?.() ?? { n })
    await assert.rejects(bus.ask(subject, { m: 1 }, decodeTick, 5000), isCode('refused', 'n: expected a number'))
    await assert.rejects(bus.ask(subject, { n: 1 }, decodeTick, 5000), isCode('invalid', 'n: expected a number'))
    await assert.rejects(bus.ask(subject, { n: 2 }, decodeTick, 5000), isCode('refused', 'the record is gone'))
    assert.deepEqual(await bus.ask(subject, { n: 3 }, decodeTick, 5000), { n: 3 })
  })

  it('answers no more once it is stopped', async () => {
    await using nats = await start()
    await using bus = await openBus(nats)
    const answering = bus.answer(subject, decodeTick, async (tick) => tick)
    assert.deepEqual(await bus.ask(subject, { n: 3 }, decodeTick, 5000), { n: 3 })
    await answering.stop()
    await assert.rejects(bus.ask(subject, { n: 3 }, decodeTick, 5000), isCode('no-stream'))
    await answering.done
  })
})
