import assert from 'node:assert/strict'
import { subjects } from '@kubewise/contracts'
import * as fc from 'fast-check'
import { PRIORITIES, WaitingSignals, type Priority, type WaitingSignal } from './waiting-signals.ts'

const subject = subjects.control('c', 0)
const rank = (priority: Priority) => PRIORITIES.indexOf(priority)

type Doing = { add: Priority; size: number } | { take: number } | { giveBack: number }
const doing: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ add: fc.constantFrom(...PRIORITIES), size: fc.integer({ min: 0, max: 400 }) }) },
  fc.record({ take: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ giveBack: fc.integer({ min: 0, max: 4 }) }),
)

describe('WaitingSignals', () => {
  it('never keeps what is of a lower class than what it sheds, is bounded, and keeps order', () => {
    fc.assert(
      fc.property(
        fc.array(doing, { maxLength: 80 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 600, max: 4000 }),
        (steps, capacity, maxBytes) => {
          /** Ids of what waits by the model, by class, oldest first. */
          let waits: { id: number; priority: Priority }[] = []
          let next = 0
          let taken: WaitingSignal[] = []
          const waiting = new WaitingSignals({ capacity, maxBytes }, (priority) => {
            assert.ok(
              waits.every((other) => rank(other.priority) <= rank(priority)),
              `${priority} was shed while ${waits.map((one) => one.priority).join()} waited`,
            )
            waits.splice(
              waits.findIndex((one) => one.priority === priority),
              1,
            )
          })
          const modelled = ({ id, priority }: WaitingSignal) => ({ id: Number(id), priority })
          for (const step of steps) {
            if ('add' in step) {
              waits.push({ id: next, priority: step.add })
              waiting.add(subject, { text: 'x'.repeat(step.size) }, String(next++), step.add)
            } else if ('take' in step) {
              const oldest = waits.slice(0, step.take)
              waits = waits.slice(step.take)
              taken = waiting.take(step.take)
              assert.deepEqual(taken.map(modelled), oldest)
            } else {
              const back = taken.slice(-step.giveBack || taken.length)
              taken = []
              waits = [...back.map(modelled), ...waits]
              waiting.giveBack(back)
            }
            assert.ok(waiting.size <= capacity && waiting.bytes <= maxBytes)
            assert.equal(waiting.size, waits.length)
          }
          assert.deepEqual(waiting.take(100).map(modelled), waits)
          assert.equal(waiting.bytes, 0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('stays quick when it is full', () => {
    const waiting = new WaitingSignals({ capacity: 50_000, maxBytes: 1e9 }, () => undefined)
    for (let i = 0; i < 300_000; i++) waiting.add(subject, {}, String(i), PRIORITIES[i % PRIORITIES.length]!)
    assert.equal(waiting.size, 50_000)
    assert.ok(waiting.take(50_000).every(({ priority }) => priority === 'state'))
  })
})
