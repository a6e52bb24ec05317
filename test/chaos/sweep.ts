import { killAt, stopFor, violationsOf, type Arena } from './executor.ts'
import type { VictimKind } from './victims.ts'

/** A kind, and for each of its victims the places where one executor after the other is to die. */
export interface Sweep {
  kind: VictimKind
  deaths: readonly (readonly string[])[]
}

/** What came of all victims of one kind. */
export interface Swept {
  kills: number
  /** Changes that took effect. */
  effects: number
  faults: string[]
}

/**
 * Makes the victims and kills, a few at a time, those first that take longest: with most deaths, and of them those on the longest way.
 *
 * @param onOne told after each victim
 * @returns what came of it, by the kind's name
 */
export function sweep(
  arena: Arena,
  sweeps: readonly Sweep[],
  atOnce: number,
  onOne: () => void = () => undefined,
): Map<string, Promise<Swept>> {
  const waiting: { deaths: number; places: number; run: () => Promise<void> }[] = []
  const swept = sweeps.map(({ kind, deaths }): [string, Promise<Swept>] => {
    const results = deaths.map((places) => {
      const { promise, resolve } = Promise.withResolvers<Swept>()
      const run = () => outcomeOf(arena, kind, places).then(resolve).then(onOne)
      waiting.push({ deaths: places.length, places: kind.places.length, run })
      return promise
    })
    return [kind.name, Promise.all(results).then(sum)]
  })
  waiting.sort((a, b) => b.deaths - a.deaths || b.places - a.places)
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next.run()
  }
  for (let i = 0; i < atOnce; i++) void work()
  return new Map(swept)
}

/** Stops executors instead, one beside another and one alone. @returns what is wrong */
export async function stops(arena: Arena, kind: VictimKind, leases: number): Promise<string[]> {
  const ways = [false, true].map(async (isAlone) => {
    const where = `${kind.name}, stopped for ${leases} leases${isAlone ? ', alone' : ''}`
    try {
      const outcome = await stopFor(arena, kind, { leases, isAlone })
      const faults = violationsOf(kind, outcome)
      if (outcome.execution.epoch === 1) faults.push('it went on under the old lock')
      return faults.map((fault) => `${where}: ${fault}`)
    } catch (error) {
      return [`${where}: ${error instanceof Error ? error.message : String(error)}`]
    }
  })
  return (await Promise.all(ways)).flat()
}

async function outcomeOf(arena: Arena, kind: VictimKind, places: readonly string[]): Promise<Swept> {
  const where = places.join(', ')
  try {
    const outcome = await killAt(arena, kind, places)
    const faults = violationsOf(kind, outcome).map((fault) => `${where}: ${fault}`)
    return { kills: places.length, effects: outcome.writes.length, faults }
  } catch (error) {
    return { kills: 0, effects: 0, faults: [`${where}: ${error instanceof Error ? error.message : String(error)}`] }
  }
}

function sum(all: readonly Swept[]): Swept {
  const total = (key: 'kills' | 'effects') => all.reduce((sum, each) => sum + each[key], 0)
  return { kills: total('kills'), effects: total('effects'), faults: all.flatMap(({ faults }) => faults) }
}
