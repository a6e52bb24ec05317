import type { Context } from './context.ts'
import { amountOf } from './template-references.ts'

/** A value before this incident's first raise, as the executor keeps it under this name; the present one where it has none. */
export function originalOf(
  { targetRecord, incident }: Pick<Context, 'targetRecord' | 'incident'>,
  name: string,
  present: number,
): number {
  if (targetRecord?.originalsOf !== incident._id) return present
  return amountOf(targetRecord.originals[name]) ?? present
}

/**
 * One bounded raise in whole units.
 *
 * @param highest what the incident may reach at most, in the same unit
 * @returns 0 where no raise is possible
 */
export function raised(present: number, factor: number, unit: number, highest: number): number {
  const most = Math.floor(highest / unit) * unit
  const next = Math.min(Math.ceil((present * factor) / unit) * unit, most)
  return Number.isFinite(next) && next > present ? next : 0
}
