import { pino, type DestinationStream, type Logger } from 'pino'
import { systemClock, type Clock } from './clock.ts'
import { redactLine } from './redaction/redact-line.ts'

export type { Logger } from 'pino'

/** Every level there is, most talkative first; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LogOptions {
  /** Written into every line. */
  service: string
  level: LogLevel
  /** Where lines go; standard output unless told. */
  destination?: DestinationStream
  clock?: Clock
}

const SECRET_FIELDS = ['authorization', 'cookie', 'password', 'secret', 'token', 'accessToken', 'apiKey', 'api_key']
// C1 controls, line separators and bidirectional overrides: JSON allows them bare, terminals act on them.
const ACTS_ON_TERMINALS = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The last thing that happens to a line: what looks like a secret goes, what a terminal would obey is escaped. */
function cleanLine(line: string): string {
  return redactLine(line).replace(
    ACTS_ON_TERMINALS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * A logger that writes one JSON object a line, synchronously and without worker threads, so that the last line before an
 * exit is never lost (pino#1705). `log.level = 'debug'` changes the level while running. Errors go under the key `err`.
 */
export function createLogger({ service, level, destination, clock = systemClock }: LogOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[hidden]' },
    hooks: { streamWrite: cleanLine },
  }
  // Synchronous: pino's own default writes in the background, where the flush at the end overtakes a line and a crash loses it.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }))
}

/** A logger that writes nothing. */
export const silentLog: Logger = pino({ level: 'silent', enabled: false })
