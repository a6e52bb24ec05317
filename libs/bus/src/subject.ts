import { BusError } from './errors.ts'

const SUBJECT = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
const FILTER = /^\$?(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*(?:\.>)?$/
const NAME = /^[A-Za-z0-9_-]+$/
const LONGEST = 512
const LONGEST_SHOWN = 80

const show = (text: unknown) => JSON.stringify(String(text).slice(0, LONGEST_SHOWN))

function check(text: unknown, pattern: RegExp, what: string, expected: string): void {
  if (typeof text !== 'string' || text.length > LONGEST || !pattern.test(text))
    throw new BusError('invalid', `${what}: expected ${expected}, got ${show(text)}`)
}

/**
 * The last fence before the wire. The type says that only the builders of the contracts make subjects; this says it at
 * run time too, since an empty token or a wildcard vanishes without an error and a space is protocol.
 * @throws BusError `invalid`
 */
export function checkSubject(subject: string): void {
  check(subject, SUBJECT, 'subject', `tokens of [A-Za-z0-9_-] joined by dots, at most ${LONGEST} characters`)
}

/** @throws BusError `invalid` */
export function checkFilter(filter: string): void {
  check(filter, FILTER, 'subject filter', "tokens of [A-Za-z0-9_-] or * joined by dots, '>' only last")
}

/** @throws BusError `invalid` */
export function checkName(name: string, what: string): void {
  check(name, NAME, what, 'characters of [A-Za-z0-9_-]')
}

/** The word of a subject that says what its messages are: `metric`, `anomaly`, `plan`; `other` outside the house's subjects. */
export function kindOf(subject: string): string {
  const tokens = subject.split('.', 6)
  if (tokens[0] !== 'kubewise') return 'other'
  return (tokens[3] === 'in' ? tokens[5] : tokens[3]) ?? 'other'
}

/** The cluster a subject names; `unknown` outside the house's subjects. */
export function clusterOf(subject: string): string {
  const tokens = subject.split('.', 3)
  return (tokens[0] === 'kubewise' && tokens[2]) || 'unknown'
}
