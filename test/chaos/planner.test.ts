import assert from 'node:assert/strict'
import { findNats, skipWithout } from '@kubewise/testkit'
import { inTurns } from './in-turns.ts'
import { INCIDENTS, type IncidentKind } from './planner-victims.ts'
import { faultsOf, killPlannerAt, startPlannerArena, type PlannerArena } from './planner.ts'

/** Planners mostly wait for the lease of one that died. */
const AT_ONCE = 8

async function faultsAt(arena: PlannerArena, kind: IncidentKind, place?: string): Promise<string[]> {
  const where = place ?? 'where nobody dies'
  try {
    const outcome = await killPlannerAt(arena, kind, place)
    return faultsOf(kind, outcome, place).map((fault) => `${where}: ${fault}`)
  } catch (error) {
    return [`${where}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

describe('a planner process that is killed', () => {
  skipWithout(findNats(), 'no nats-server on this machine')
  let arena: PlannerArena | undefined
  let swept: Map<string, Promise<string[]>>

  before(async () => {
    const shared = (arena = await startPlannerArena())
    const turn = inTurns(AT_ONCE)
    swept = new Map(
      INCIDENTS.map((kind) => {
        const runs = [...kind.places, undefined].map((place) => turn(() => faultsAt(shared, kind, place)))
        return [kind.name, Promise.all(runs).then((faults) => faults.flat())]
      }),
    )
  })
  after(() => arena?.[Symbol.asyncDispose]())

  for (const { name } of INCIDENTS)
    it(`where ${name}: one incident, each plan once and hinted at, the model asked once more at most`, async () =>
      assert.deepEqual(await swept.get(name), []))
})
