import assert from 'node:assert/strict'
import { findNats, skipWithout } from '@kubewise/testkit'
import { simulatedCluster } from './cluster.ts'
import { startArena, type Arena } from './executor.ts'
import { stops, sweep, type Swept } from './sweep.ts'
import { criticalPlacesOf, VICTIMS, type VictimKind } from './victims.ts'

/** Executors mostly wait for pods and for time to pass. */
const AT_ONCE = 6

const KINDS = VICTIMS.filter(({ isLong }) => isLong !== true)

/** One that goes forwards and back dies once at every place. */
const WHOLE = 'rollback, taken back'

/** Of the others one victim each, whose executors die around its writes one after the other; `npm run test:chaos` kills once at every place. */
function deathsOf(kind: VictimKind): string[][] {
  if (kind.name === WHOLE) return kind.places.map((place) => [place])
  // After a death, what comes a second time comes to another process for the first time.
  return [criticalPlacesOf(kind).map((place) => place.replace('@2', ''))]
}

describe('an executor process that is killed', function killed() {
  // All victims together, a few at a time, on a machine that may be slow.
  this.timeout(900_000)
  skipWithout(findNats(), 'no nats-server on this machine')
  let arena: Arena | undefined
  let swept: Map<string, Promise<Swept>>

  before(async () => {
    arena = await startArena(await simulatedCluster())
    swept = sweep(
      arena,
      KINDS.map((kind) => ({ kind, deaths: deathsOf(kind) })),
      AT_ONCE,
    )
  })
  after(() => arena?.[Symbol.asyncDispose]())

  for (const { name } of KINDS)
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
