import type { Entity, Inhibition, NamedIntervals, Settings, Window } from '@kubewise/contracts'
import { fitsOf, matcherMistakes, type Fits } from '../matchers.ts'
import { isWithin, parseTimeInterval, type ParsedInterval } from './time-interval.ts'

/** What of the settings says when. */
export type Schedule = Pick<Settings, 'timeIntervals' | 'windows' | 'inhibitions'>

export interface ReadWindow {
  name: string
  effect: Window['effect']
  fits: Fits
  intervals: readonly ParsedInterval[]
}

/** A freeze is judged at the moment of acting, when there is a target and no anomaly. */
const FREEZE_FIELDS: ReadonlySet<string> = new Set(['namespace', 'kind', 'name'])

function repeated(path: string, named: readonly { name: string }[] = []): string[] {
  const names = named.map(({ name }) => name)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  return [...new Set(twice)].map((name) => `${path}: expected each name once, got "${name}" again`)
}

function intervalMistakes(all: readonly NamedIntervals[] = []): string[] {
  return all.flatMap(({ time_intervals: intervals }, index) =>
    intervals.flatMap((interval, at) => {
      const parsed = parseTimeInterval(interval, `timeIntervals[${index}].time_intervals[${at}]`)
      return 'mistakes' in parsed ? parsed.mistakes : []
    }),
  )
}

function windowMistakes({ windows = [], timeIntervals = [] }: Schedule): string[] {
  const names = new Set(timeIntervals.map(({ name }) => name))
  return windows.flatMap(({ matchers, intervals, effect }, index) => {
    const path = `windows[${index}]`
    const strange = effect === 'freeze' ? matchers.filter(({ field }) => !FREEZE_FIELDS.has(field)) : []
    return [
      ...matcherMistakes(`${path}.matchers`, matchers),
      ...strange.map(
        ({ field }) => `${path}.matchers: expected namespace, kind or name for the effect freeze, got "${field}"`,
      ),
      ...intervals
        .filter((name) => !names.has(name))
        .map((name) => `${path}.intervals: expected a name of timeIntervals, got "${name}"`),
    ]
  })
}

const inhibitionMistakes = (inhibitions: readonly Inhibition[] = []) =>
  inhibitions.flatMap(({ source, target }, index) => [
    ...matcherMistakes(`inhibitions[${index}].source`, source),
    ...matcherMistakes(`inhibitions[${index}].target`, target),
    ...[...source, ...target]
      .filter(({ field }) => field === 'cause')
      .map(() => `inhibitions[${index}]: expected no matcher of the cause, which no anomaly has`),
  ])

/** Everything in the settings' windows, intervals and inhibitions that cannot be read as meant. */
export function scheduleMistakes(schedule: Schedule): string[] {
  return [
    ...repeated('timeIntervals', schedule.timeIntervals),
    ...repeated('windows', schedule.windows),
    ...repeated('inhibitions', schedule.inhibitions),
    ...intervalMistakes(schedule.timeIntervals),
    ...windowMistakes(schedule),
    ...inhibitionMistakes(schedule.inhibitions),
  ]
}

/** @throws Error where one of them cannot be read: a freeze must not be lost by a slip of the pen */
export function readWindows({ windows = [], timeIntervals = [] }: Schedule): ReadWindow[] {
  const mistakes = [...intervalMistakes(timeIntervals), ...windowMistakes({ windows, timeIntervals })]
  if (mistakes.length > 0) throw new Error(mistakes.join('; '))
  const byName = new Map(timeIntervals.map(({ name, time_intervals: intervals }) => [name, intervals]))
  return windows.map(({ name, effect, matchers, intervals }) => ({
    name,
    effect,
    fits: fitsOf(matchers),
    intervals: intervals.flatMap((each) =>
      (byName.get(each) ?? []).flatMap((spec) => {
        const parsed = parseTimeInterval(spec)
        return 'interval' in parsed ? parsed.interval : []
      }),
    ),
  }))
}

/** Is it now one of the window's times? */
export const isOn = ({ intervals }: ReadWindow, nowMs: number): boolean =>
  intervals.some((interval) => isWithin(interval, nowMs))

/**
 * Names of the windows that freeze a target now.
 * @throws Error where the settings' windows cannot be read
 */
export function freezesOf(target: Entity, schedule: Schedule | undefined, nowMs: number): string[] {
  if (!schedule?.windows?.length) return []
  const { namespace, kind, name } = target
  return readWindows(schedule)
    .filter((window) => window.effect === 'freeze' && window.fits({ namespace, kind, name }) && isOn(window, nowMs))
    .map((window) => window.name)
}
