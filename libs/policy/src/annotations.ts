import { MODES, type Mode } from '@kubewise/contracts'
import { strictestMode } from './limits.ts'

const DAY_MS = 86_400_000
/** A silence on an object counts for no longer than this from now. */
const LONGEST_SILENCE_MS = 7 * DAY_MS
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

/** Annotations that a workload or its namespace may carry. Each makes things only stricter. */
export const ANNOTATIONS = {
  'kubewise.io/mode': 'observe, approve or auto: KubeWise goes no further than this here, whatever the settings allow.',
  'kubewise.io/silenced-until':
    'A moment such as 2026-01-05T18:00:00Z, at most 7 days ahead: until then nobody is told of it, and nothing is done.',
  'kubewise.io/depends-on': 'Services that it needs, NAME or NAME.NAMESPACE, separated by commas.',
} as const

interface Annotated {
  metadata?: { annotations?: Readonly<Record<string, string>> }
}

export interface Wishes {
  /** The strictest that is asked for; absent where nobody asked. */
  mode?: Mode
  silencedUntilMs?: number
  /** What could not be read as meant, which counts as mode observe. */
  mistakes: string[]
}

const shown = (text: string) => JSON.stringify(text.slice(0, 64))

function modeWish(text: string | undefined, mistakes: string[]): Mode | undefined {
  const mode = MODES.find((each) => each === text)
  if (text === undefined || mode) return mode
  mistakes.push(`kubewise.io/mode: expected ${MODES.join(', ')}, got ${shown(text)}`)
  return 'observe'
}

function silenceWish(text: string | undefined, nowMs: number, mistakes: string[]): number | undefined {
  if (text === undefined) return undefined
  const untilMs = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(untilMs)) return Math.min(untilMs, nowMs + LONGEST_SILENCE_MS)
  mistakes.push(`kubewise.io/silenced-until: expected a moment such as 2026-01-05T18:00:00Z, got ${shown(text)}`)
  return undefined
}

/** What the annotations of a workload and its namespace ask for together; of each kind the strictest holds. */
export function wishesOf(objects: readonly (Annotated | undefined)[], nowMs: number): Wishes {
  const mistakes: string[] = []
  const marks = objects.map((object) => object?.metadata?.annotations ?? {})
  const modes = marks.flatMap((mark) => modeWish(mark['kubewise.io/mode'], mistakes) ?? [])
  const silences = marks.flatMap((mark) => silenceWish(mark['kubewise.io/silenced-until'], nowMs, mistakes) ?? [])
  if (mistakes.length > 0) modes.push('observe')
  return {
    ...(modes.length > 0 && { mode: strictestMode(...modes) }),
    ...(silences.length > 0 && { silencedUntilMs: Math.max(...silences) }),
    mistakes,
  }
}
