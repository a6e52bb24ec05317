import type { TimeInterval } from '@kubewise/contracts'

/** Both ends included. */
interface Range {
  from: number
  to: number
}

/** An interval, read: every part that is given must hold. */
export interface ParsedInterval {
  /** Minutes of the day; the end not included. */
  times: readonly Range[]
  /** Sunday is 0. */
  weekdays: readonly Range[]
  /** Negative ones count from the month's end. */
  daysOfMonth: readonly Range[]
  months: readonly Range[]
  years: readonly Range[]
  zone: string
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const MINUTES_PER_DAY = 24 * 60

type Read = (word: string) => number | undefined

const within = (value: number, from: number, to: number) => (value >= from && value <= to ? value : undefined)
const whole = (word: string) => (/^-?\d{1,4}$/.test(word) ? Number(word) : Number.NaN)

const weekday: Read = (word) => within(WEEKDAYS.indexOf(word.toLowerCase()), 0, 6)
const month: Read = (word) => within(MONTHS.indexOf(word.toLowerCase()) + 1 || whole(word), 1, 12)
const year: Read = (word) => within(whole(word), 1970, 9999)
const dayOfMonth: Read = (word) => within(Math.abs(whole(word)), 1, 31) && whole(word)

function minuteOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? []
  return hours === undefined ? undefined : within(Number(hours) * 60 + Number(minutes), 0, MINUTES_PER_DAY)
}

function readZone(location: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: location }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

/** @returns what was read, or every mistake of it */
export function parseTimeInterval(
  spec: TimeInterval,
  path = 'interval',
): { interval: ParsedInterval } | { mistakes: string[] } {
  const mistakes: string[] = []

  function ranges(name: keyof TimeInterval, words: readonly string[] | undefined, read: Read, of: string) {
    return (words ?? []).flatMap((text, index): Range[] => {
      const [first = '', last = first, ...rest] = text.split(':').map((word) => word.trim())
      const [from, to] = [read(first), read(last)]
      const isMixed = from !== undefined && to !== undefined && from > 0 && to < 0
      // From a day counted from the front to one counted from the end is a range; the other way round is none.
      if (
        from !== undefined &&
        to !== undefined &&
        rest.length === 0 &&
        (from <= to || isMixed) &&
        !(from < 0 && to > 0)
      )
        return [{ from, to }]
      mistakes.push(`${path}.${name}[${index}]: expected ${of}, or FROM:TO of them in this order, got "${text}"`)
      return []
    })
  }

  const times = (spec.times ?? []).flatMap(({ start_time, end_time }, index): Range[] => {
    const [from, to] = [minuteOf(start_time), minuteOf(end_time)]
    if (from !== undefined && to !== undefined && from < to) return [{ from, to: to - 1 }]
    mistakes.push(`${path}.times[${index}]: expected HH:MM before HH:MM, got "${start_time}" and "${end_time}"`)
    return []
  })
  const location = spec.location ?? 'UTC'
  const zone = readZone(location)
  if (zone === undefined)
    mistakes.push(`${path}.location: expected a time zone such as Europe/Berlin, got "${location}"`)
  const interval: ParsedInterval = {
    times,
    weekdays: ranges('weekdays', spec.weekdays, weekday, 'a weekday such as monday'),
    daysOfMonth: ranges('days_of_month', spec.days_of_month, dayOfMonth, 'a day from 1 to 31 or -31 to -1'),
    months: ranges('months', spec.months, month, 'a month by name or number'),
    years: ranges('years', spec.years, year, 'a year'),
    zone: zone ?? 'UTC',
  }
  return mistakes.length > 0 ? { mistakes } : { interval }
}

const FORMATS = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const found = FORMATS.get(zone)
  if (found) return found
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  FORMATS.set(zone, format)
  return format
}

/** A moment as the clock and calendar on that wall show it. */
function wallOf(atMs: number, zone: string) {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
  return {
    minute: hour * 60 + minute,
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
    day,
    daysInMonth: new Date(Date.UTC(year, month, 0)).getUTCDate(),
    month,
    year,
  }
}

const isIn = (ranges: readonly Range[], value: number) =>
  ranges.length === 0 || ranges.some(({ from, to }) => value >= from && value <= to)

/** Does the moment lie within? */
export function isWithin(interval: ParsedInterval, atMs: number): boolean {
  const wall = wallOf(atMs, interval.zone)
  const fromEnd = (day: number) => (day < 0 ? wall.daysInMonth + day + 1 : day)
  const days = interval.daysOfMonth.map(({ from, to }) => ({ from: fromEnd(from), to: fromEnd(to) }))
  return (
    isIn(interval.times, wall.minute) &&
    isIn(interval.weekdays, wall.weekday) &&
    isIn(days, wall.day) &&
    isIn(interval.months, wall.month) &&
    isIn(interval.years, wall.year)
  )
}
