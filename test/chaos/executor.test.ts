import assert from 'node:assert/strict'
import { findNats, skipWithout } from '@kubewise/testkit'
import { simulatedCluster } from './cluster.ts'
import { startArena, type Arena } from './executor.ts'
import { stops, sweep, type Swept } from './sweep.ts'
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

  it('stopped for three leases, while another takes over and alone, writes nothing under the old lock', async () =>
    assert.deepEqual(
      await stops(
        arena!,
        VICTIMS.find(({ name }) => name === 'restart')!,
        3,
      ),
      [],
    ))
})
