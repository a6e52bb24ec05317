import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { COLLECTIONS, SETTLED } from '@kubewise/contracts'
import { doubleEffects, watch } from '../fixture/checker.ts'
import type { WriteFault } from '../fixture/fake-cluster.ts'
import { SCENARIOS } from '../fixture/scenarios.ts'
import { SECOND } from '../fixture/world.ts'

const LABELS = [
  'after-claim',
  'after-lock',
  'before-intent',
  'after-intent-audit',
  'after-intent',
  'before-send',
  'after-send',
  'after-observed',
  'after-verified',
  'before-settle',
  'after-settle',
  'undo-before-intent',
  'undo-after-intent-audit',
  'undo-after-intent',
  'undo-before-send',
  'undo-after-send',
  'undo-after-observed',
]

type Trouble =
  | { kind: 'kill' | 'freeze'; label: string; nth: number }
  | { kind: 'write'; nth: number; fault: WriteFault }
  | { kind: 'store'; nth: number; length: number; answer: 'down' | 'answer-lost' }
  | { kind: 'bus' | 'api'; atSecond: number; seconds: number }

const label = fc.constantFrom(...LABELS)
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({ kind: fc.constantFrom('kill' as const, 'freeze' as const), label, nth: fc.integer({ min: 1, max: 2 }) }),
  fc.record({
    kind: fc.constant('write' as const),
    nth: fc.integer({ min: 1, max: 4 }),
    fault: fc.constantFrom<WriteFault>('landed-unanswered', 'lost', 'late', 'very-late'),
  }),
  fc.record({
    kind: fc.constant('store' as const),
    nth: fc.integer({ min: 1, max: 120 }),
    length: fc.integer({ min: 1, max: 5 }),
    answer: fc.constantFrom('down' as const, 'answer-lost' as const),
  }),
  fc.record({
    kind: fc.constantFrom('bus' as const, 'api' as const),
    atSecond: fc.integer({ min: 0, max: 60 }),
    seconds: fc.integer({ min: 1, max: 40 }),
  }),
)

const RUNS = 150
const MINUTES = 8

describe('whatever goes wrong', () => {
  it(`no effect happens twice, none without intent or lock, and every plan ends (${RUNS} runs)`, async function chaos() {
    this.timeout(120_000)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SCENARIOS),
        fc.array(trouble, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 2 }),
        async (scenario, troubles, executors) => {
          const { world, plan } = await scenario.make()
          const { cluster, store, bus, clock } = world
          const writes = new Map(
            troubles.flatMap((one) => (one.kind === 'write' ? [[one.nth, one.fault] as const] : [])),
          )
          cluster.fault = () => writes.get(cluster.writes.filter(({ verb }) => verb !== 'create').length) ?? 'none'
          const checker = watch(world)
          let calls = 0
          store.fault = () => {
            calls++
            const hit = troubles.find((one) => one.kind === 'store' && calls >= one.nth && calls < one.nth + one.length)
            return hit?.kind === 'store' ? hit.answer : 'none'
          }
          const processes: Awaited<ReturnType<typeof world.start>>[] = []
          const start = async () => {
            const process = await world.start()
            process.diesAt = (passed, nth) => {
              const hit = troubles.find(
                (one) =>
                  (one.kind === 'kill' || one.kind === 'freeze') &&
                  one.label === passed &&
                  one.nth === nth &&
                  processes.indexOf(process) < 2,
              )
              if (hit?.kind === 'freeze') process.freeze()
              return hit?.kind === 'kill'
            }
            processes.push(process)
          }
          for (let i = 0; i < executors; i++) await start()
          void world.propose(plan).catch(() => undefined)
          const isDown = (kind: 'bus' | 'api', second: number) =>
            troubles.some((one) => one.kind === kind && second >= one.atSecond && second < one.atSecond + one.seconds)
          for (let second = 0; second < MINUTES * 60; second++) {
            bus.isDown = isDown('bus', second)
            cluster.isDown = isDown('api', second)
            if (second === 20 || second === 60) await start()
            if (second >= 100) for (const process of processes) process.thaw()
            await clock.advance(SECOND)
            if (second > 110 && world.execution(plan)?.finishedMs !== undefined) break
          }
          const execution = world.execution(plan)
          for (const process of processes) {
            process.diesAt = () => false
            process.thaw()
          }
          await world.stop()
          assert.deepEqual(checker.finish(), [])
          assert.deepEqual(doubleEffects(world), [])
          assert.ok(execution && SETTLED.includes(execution.status), `not settled: ${JSON.stringify(execution)}`)
          assert.equal(store.documents(COLLECTIONS.targets)[0]?.lock?.plan ?? plan._id, plan._id)
        },
      ),
      { numRuns: RUNS, ...(SEED !== undefined && { seed: SEED }) },
    )
  })
})

const SEED: number | undefined = undefined
