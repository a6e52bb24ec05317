import { quantityToNumber } from '@kubewise/kube'
import type { Reading } from './usage.ts'

export type Fields = Readonly<Record<string, unknown>>

const LONGEST_NAME = 253

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isAbsent = (value: unknown) => value === undefined || value === null

/** Reads an answer of which nothing is certain: what is absent is absent, what is something else is counted and left out. */
export class UsageReader {
  readonly #nowMs: number
  malformed = 0

  /** @param nowMs no measurement is later than this */
  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  /** A member that is an object; an own one only, so that no name reaches a prototype. */
  object(from: Fields, name: string): Fields {
    const value = this.#member(from, name)
    if (isAbsent(value)) return {}
    if (isFields(value)) return value
    this.malformed += 1
    return {}
  }

  objects(from: Fields, name: string): Fields[] {
    const value = this.#member(from, name)
    if (isAbsent(value)) return []
    if (!Array.isArray(value)) return this.#bad() ?? []
    return value.flatMap((one: unknown) => {
      if (isFields(one)) return [one]
      this.malformed += 1
      return []
    })
  }

  /** A name that an object may have; without one, nothing can be said of it. */
  name(from: Fields, name: string): string | undefined {
    const value = this.#member(from, name)
    return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME ? value : this.#bad()
  }

  /** A finite number from 0. */
  number(from: Fields, name: string): number | undefined {
    const value = this.#member(from, name)
    if (isAbsent(value)) return undefined
    return typeof value === 'number' && value >= 0 && value < Infinity ? value : this.#bad()
  }

  /** A quantity from 0, such as `12m` or `34Ki`. */
  quantity(from: Fields, name: string): number | undefined {
    const value = this.#member(from, name)
    if (isAbsent(value)) return undefined
    if (typeof value !== 'string' && typeof value !== 'number') return this.#bad()
    try {
      const amount = quantityToNumber(value)
      return amount >= 0 && amount < Infinity ? amount : this.#bad()
    } catch {
      return this.#bad()
    }
  }

  /** A time as RFC 3339 has it; one that is yet to come is now, since that clock is ahead of ours. */
  timeMs(from: Fields, name: string): number | undefined {
    const value = this.#member(from, name)
    if (isAbsent(value)) return undefined
    const timeMs = typeof value === 'string' ? Date.parse(value) : Number.NaN
    return timeMs > 0 ? Math.min(timeMs, this.#nowMs) : this.#bad()
  }

  /** A value with its time; undefined where either is missing. */
  reading(value: number | undefined, timeMs: number | undefined): Reading | undefined {
    return value === undefined || timeMs === undefined ? undefined : { value, timeMs }
  }

  #member(from: Fields, name: string): unknown {
    return Object.hasOwn(from, name) ? from[name] : undefined
  }

  #bad(): undefined {
    this.malformed += 1
    return undefined
  }
}

/** The members that are there: an absent one is not one that is undefined. */
export const present = <T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** The greatest, for things of which one is measured in several places. */
export function fullest(readings: readonly (Reading | undefined)[]): Reading | undefined {
  return readings.reduce((most, one) => (one && (!most || one.value > most.value) ? one : most), undefined)
}
