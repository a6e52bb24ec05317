import { simulatedCluster } from './cluster.ts'
import { startArena } from './executor.ts'
import { inTurns } from './in-turns.ts'
import { stops, sweep } from './sweep.ts'
import { VICTIMS } from './victims.ts'

/** Executors mostly wait for pods and for time to pass. */
const AT_ONCE = 6
/** What a lease is counted in, and beyond. */
const LEASES: readonly number[] = [3, 10]

/** What came of processes that were really killed and stopped. */
export interface Real {
  kills: number
  stops: number
  effects: number
  faults: string[]
}

/**
 * Kills a process once at every labelled place of every action, and stops one for three leases and longer; with a real
 * nats-server, SQLite, and the simulated cluster over HTTP.
 */
export async function real(tell: (say: string) => void, signal: AbortSignal): Promise<Real> {
  await using arena = await startArena(await simulatedCluster())
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  const total: Real = { kills: 0, stops: 0, effects: 0, faults: [] }
  const killing = sweep(
    arena,
    VICTIMS.map((kind) => ({ kind, deaths: kind.places.map((place) => [place]) })),
    AT_ONCE,
  )
  const work = async () => {
    for (const [name, swept] of killing) {
      const { kills, effects, faults } = await swept
      total.kills += kills
      total.effects += effects
      total.faults.push(...faults.map((fault) => `${name}: ${fault}`))
      tell(`${name}: ${kills} killed, ${faults.length} faults`)
    }
    const inTurn = inTurns(AT_ONCE / 2)
    const stopping = VICTIMS.flatMap((kind) => LEASES.map((leases) => inTurn(() => stops(arena, kind, leases))))
    for (const faults of await Promise.all(stopping)) {
      total.stops += 2
      total.faults.push(...faults)
    }
  }
  await Promise.race([work(), aborted]).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return total
}
