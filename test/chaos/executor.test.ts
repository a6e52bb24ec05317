import assert from 'node:assert/strict'
import { eventually, findNats, skipWithout } from '@kubewise/testkit'
import { simulatedCluster } from './cluster.ts'
import { died, Run, startArena, violationsOf, type Arena } from './executor.ts'
import { sweep, type Swept } from './sweep.ts'
import { criticalPlacesOf, VICTIMS, type VictimKind } from './victims.ts'

/** Executors mostly wait for pods and for time to pass. */
const AT_ONCE = 6

/** Every place of one that goes forwards and back; of the others, those around the write, which differ from action to action. */
const WHOLE = 'rollback, taken back'
const placesOf = (kind: VictimKind) => (kind.name === WHOLE ? kind.places : criticalPlacesOf(kind))

describe('an executor process that is killed', () => {
  skipWithout(findNats(), 'no nats-server on this machine')
  let arena: Arena | undefined
  let swept: Map<string, Promise<Swept>>

  before(async () => {
    arena = await startArena(await simulatedCluster())
    swept = sweep(
      arena,
      VICTIMS.map((kind) => ({ kind, deaths: placesOf(kind).map((place) => [place]) })),
      AT_ONCE,
    )
  })
  after(() => arena?.[Symbol.asyncDispose]())

  for (const { name } of VICTIMS)
    it(`during ${name}: each effect happens once, as the API server’s own log has it`, async () =>
      assert.deepEqual((await swept.get(name))?.faults, []))

  it('stopped for three leases while another takes over, writes nothing when it goes on', async () => {
    const kind = VICTIMS.find(({ name }) => name === 'restart')!
    await using run = await Run.open(arena!, 'stopped', await kind.make(arena!.cluster.kube, 'stopped'))
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
    assert.deepEqual(violationsOf(kind, { ...outcome, writes: await run.writes() }), [])
    assert.notEqual(outcome.execution.epoch, 1, 'the other had a newer lock')
  })
})
