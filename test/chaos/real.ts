import { availableParallelism } from 'node:os'
import { simulatedCluster } from './cluster.ts'
import { startArena } from './executor.ts'
import { inTurns } from './in-turns.ts'
import { progress } from './progress.ts'
import { stops, sweep } from './sweep.ts'
import { VICTIMS, type VictimKind } from './victims.ts'

/** Executors mostly wait for pods and for time to pass; starting one takes a second of a core. */
const AT_ONCE = 6 * Math.min(8, availableParallelism())
/** Of those that are stopped, each with one beside it and once more alone. */
const STOPPED_AT_ONCE = Math.ceil(AT_ONCE / 4)
/** What a lease is counted in, and beyond. */
const LEASES: readonly number[] = [3, 10]

/** What came of processes that were really killed and stopped. */
export interface Real {
  kills: number
  stops: number
  effects: number
  faults: string[]
}

interface Given {
  /** Only victims with this in their name; all of them when it is empty. */
  match: string
  tell: (say: string) => void
  signal: AbortSignal
}

/**
 * Kills a process once at every labelled place of every action, and stops one for three leases and longer; with a real
 * nats-server, SQLite, and the simulated cluster over HTTP.
 */
export async function real({ match, tell, signal }: Given): Promise<Real> {
  const kinds = VICTIMS.filter(({ name }) => name.includes(match))
  await using arena = await startArena(await simulatedCluster())
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  const total: Real = { kills: 0, stops: 0, effects: 0, faults: [] }
  const places = kinds.reduce((sum, kind) => sum + kind.places.length, 0)
  const stopsOfAll = kinds.length * LEASES.length
  tell(`${places} places of ${kinds.length} remedies to be killed at, ${2 * stopsOfAll} stops`)
  const advance = progress(places + stopsOfAll, tell)
  const killing = sweep(
    arena,
    kinds.map((kind) => ({ kind, deaths: kind.places.map((place) => [place]) })),
    AT_ONCE,
    advance,
  )
  const kill = async () => {
    for (const [name, swept] of killing) {
      const { kills, effects, faults } = await swept
      total.kills += kills
      total.effects += effects
      total.faults.push(...faults.map((fault) => `${name}: ${fault}`))
      tell(`${name}: ${kills} killed, ${faults.length} faults`)
      faults.forEach(tell)
    }
  }
  const inTurn = inTurns(STOPPED_AT_ONCE)
  const stop = async (kind: VictimKind, leases: number) => {
    const faults = await inTurn(() => stops(arena, kind, leases))
    total.stops += 2
    total.faults.push(...faults)
    faults.forEach(tell)
    advance()
  }
  const work = () =>
    Promise.all([kill(), ...kinds.flatMap((kind) => LEASES.map((leases) => stop(kind, leases)))]).then(() => undefined)
  await Promise.race([work(), aborted]).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return total
}
