import assert from 'node:assert/strict'
import { findNats, skipWithout } from '@kubewise/testkit'
import { died, killAt, Run, startArena, violationsOf, type Arena } from './executor.ts'
import { VICTIMS, type VictimKind } from './victims.ts'

const AT_ONCE = 4

/** Every place of the first; of the others, those around the write, which differ from action to action. */
const CRITICAL = new Set(['before-send', 'after-send', 'undo-before-send', 'undo-after-send'])
const placesOf = (kind: VictimKind, isWhole: boolean) => kind.places.filter((place) => isWhole || CRITICAL.has(place))

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values()
  const worker = async () => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

describe('an executor process that is killed', () => {
  skipWithout(findNats(), 'no nats-server on this machine')
  let arena: Arena

  before(async () => {
    arena = await startArena()
  })
  after(() => arena[Symbol.asyncDispose]())

  for (const [index, kind] of VICTIMS.entries())
    it(`during ${kind.name}: each effect happens once, as the API server’s own log has it`, async () => {
      const faults: string[] = []
      await inParallel(placesOf(kind, index === 1), async (place) => {
        const { signal, ...outcome } = await killAt(arena, kind, place)
        if (signal !== 'SIGKILL') faults.push(`${place}: it did not die there`)
        faults.push(...violationsOf(kind, outcome).map((fault) => `${place}: ${fault}`))
      })
      assert.deepEqual(faults, [])
    })

  it('stopped for three leases while another takes over, writes nothing when it goes on', async () => {
    const kind = VICTIMS.find(({ name }) => name === 'restart')!
    await using run = await Run.open(arena, 'stopped', await kind.make(arena.simulator, 'stopped', 'stopped'))
    const first = run.start()
    const hasActed = () => run.execution().then((execution) => execution?.status === 'verifying')
    while (!(await hasActed())) await new Promise((resolve) => setTimeout(resolve, 50))
    first.kill('SIGSTOP')
    const second = run.start()
    const outcome = await run.settled()
    first.kill('SIGCONT')
    second.kill('SIGTERM')
    await died(second)
    first.kill('SIGTERM')
    await died(first)
    assert.deepEqual(violationsOf(kind, { ...outcome, writes: run.writes() }), [])
    assert.notEqual(outcome.execution.epoch, 1, 'the other had a newer lock')
  })
})
