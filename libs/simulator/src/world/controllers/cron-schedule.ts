const FIELDS = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12 },
  { name: 'day of week', least: 0, most: 7 },
] as const

const MACROS: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
}

/** @returns whether a schedule of five fields names the minute of a date, in UTC */
export type CronSchedule = (date: Date) => boolean

/** @throws RangeError for text that is no schedule */
export function parseCron(text: string): CronSchedule {
  const fields = (MACROS[text.trim()] ?? text).trim().split(/\s+/)
  if (fields.length !== FIELDS.length) throw new RangeError(`schedule: expected 5 fields, got ${JSON.stringify(text)}`)
  const [minutes, hours, days, months, weekdays] = fields.map((field, index) => parseField(field, index)) as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ]
  // Where both kinds of day are restricted, either of them suffices.
  const isEither = fields[2] !== '*' && fields[4] !== '*'
  return (date) => {
    const isDay = days.has(date.getUTCDate())
    const isWeekday = weekdays.has(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays.has(7))
    const isToday = isEither ? isDay || isWeekday : isDay && isWeekday
    return (
      minutes.has(date.getUTCMinutes()) &&
      hours.has(date.getUTCHours()) &&
      months.has(date.getUTCMonth() + 1) &&
      isToday
    )
  }
}

function parseField(field: string, index: number): Set<number> {
  const { name, least, most } = FIELDS[index] ?? FIELDS[0]
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part)
    if (!match) throw new RangeError(`schedule: ${name}: cannot read ${JSON.stringify(part)}`)
    const from = match[1] === undefined ? least : Number(match[1])
    const to =
      match[2] === undefined ? (match[1] === undefined || match[3] !== undefined ? most : from) : Number(match[2])
    const step = Number(match[3] ?? 1)
    if (from < least || to > most || from > to || step < 1)
      throw new RangeError(`schedule: ${name}: ${JSON.stringify(part)} is out of range`)
    for (let value = from; value <= to; value += step) values.add(value)
  }
  return values
}
