import assert from 'node:assert/strict'
import { eventually, findNats, skipWithout } from '@kubewise/testkit'
import { died, killAt, Run, startArena, violationsOf, type Arena } from './executor.ts'
import { VICTIMS, type VictimKind } from './victims.ts'

/** Executors mostly wait for pods and for time to pass. */
const AT_ONCE = 6

/** Every place of one that goes forwards and back; of the others, those around the write, which differ from action to action. */
const WHOLE = 'rollback, taken back'
const CRITICAL = new Set(['before-send', 'after-send', 'undo-before-send', 'undo-after-send'])
const placesOf = ({ name, places }: VictimKind) => places.filter((place) => name === WHOLE || CRITICAL.has(place))

/** Kills at every place of every kind, a few at a time. @returns the faults of each kind, by name */
function sweep(arena: Arena): Map<string, Promise<string[]>> {
  const waiting: (() => Promise<void>)[] = []
  const faultsAt = async (kind: VictimKind, place: string) => {
    const { signal, ...outcome } = await killAt(arena, kind, place)
    const faults = signal === 'SIGKILL' ? violationsOf(kind, outcome) : ['it did not die there']
    return faults.map((fault) => `${place}: ${fault}`)
  }
  const swept = VICTIMS.map((kind): [string, Promise<string[]>] => {
    const results = placesOf(kind).map((place) => {
      const { promise, resolve, reject } = Promise.withResolvers<string[]>()
      waiting.push(() => faultsAt(kind, place).then(resolve, reject))
      return promise
    })
    return [kind.name, Promise.all(results).then((faults) => faults.flat())]
  })
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next()
  }
  for (let i = 0; i < AT_ONCE; i++) void work()
  for (const [, result] of swept) result.catch(() => undefined)
  return new Map(swept)
}

describe('an executor process that is killed', () => {
  skipWithout(findNats(), 'no nats-server on this machine')
  let arena: Arena
  let faults: Map<string, Promise<string[]>>

  before(async () => {
    arena = await startArena()
    faults = sweep(arena)
  })
  after(() => arena[Symbol.asyncDispose]())

  for (const { name } of VICTIMS)
    it(`during ${name}: each effect happens once, as the API server’s own log has it`, async () =>
      assert.deepEqual(await faults.get(name), []))

  it('stopped for three leases while another takes over, writes nothing when it goes on', async () => {
    const kind = VICTIMS.find(({ name }) => name === 'restart')!
    await using run = await Run.open(arena, 'stopped', await kind.make(arena.simulator, 'stopped', 'stopped'))
    const first = run.start()
    const hasActed = () => run.execution().then((execution) => execution?.status === 'verifying')
    await eventually(hasActed, { timeoutMs: 60_000, say: 'the first has acted' })
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
