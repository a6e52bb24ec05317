import type { KubernetesEvent } from '@kubewise/contracts'
import { NEEDED_REASONS } from './needed-reasons.ts'

/** Names to let in and, with `!` before them, to leave out; see `eventSettings`. An empty list lets all in. */
export interface EventFilterSettings {
  EVENT_TYPES: readonly string[]
  EVENT_REASONS: readonly string[]
  EVENT_KINDS: readonly string[]
}

/** The settings where nobody has set anything. */
export const EVERYTHING: EventFilterSettings = { EVENT_TYPES: [], EVENT_REASONS: [], EVENT_KINDS: [] }

/** Which setting leaves an Event out. */
export const LEFT_OUT = ['type', 'reason', 'kind'] as const

export interface FilterDecision {
  /** `passed` and `needed` are taken; the others name what of the Event is left out. */
  code: 'passed' | 'needed' | (typeof LEFT_OUT)[number]
  say: string
}

/** What of an Event its filter looks at. */
export type Filtered = Pick<KubernetesEvent, 'type' | 'reason'> & { entity: Pick<KubernetesEvent['entity'], 'kind'> }

export type EventFilter = (event: Filtered) => FilterDecision

const DIMENSIONS = [
  ['type', 'EVENT_TYPES', ({ type }: Filtered) => type],
  ['reason', 'EVENT_REASONS', ({ reason }: Filtered) => reason],
  ['kind', 'EVENT_KINDS', ({ entity }: Filtered) => entity.kind],
] as const

const PASSED: FilterDecision = { code: 'passed', say: 'No setting leaves it out.' }

function matcher(names: readonly string[]): RegExp | undefined {
  if (names.length === 0) return undefined
  const patterns = names.map((name) => name.replace(/[^A-Za-z0-9*]/g, '\\$&').replace(/\*+/g, '.*'))
  return new RegExp(`^(?:${patterns.join('|')})$`, 'is')
}

const sides = (names: readonly string[]) => ({
  included: names.filter((name) => !name.startsWith('!')),
  excluded: names.filter((name) => name.startsWith('!')).map((name) => name.slice(1)),
})

/** Whether a list lets a name in: it is among those let in, if there are any, and not among those left out. Case is ignored. */
function listOf(names: readonly string[]): (name: string) => boolean {
  const { included, excluded } = sides(names)
  const [letIn, leftOut] = [matcher(included), matcher(excluded)]
  return (name) => (letIn?.test(name) ?? true) && !leftOut?.test(name)
}

/** By reason: the rules that need it. */
const RULES_BY_REASON = new Map<string, string[]>()
for (const [rule, reasons] of Object.entries(NEEDED_REASONS))
  for (const reason of reasons) RULES_BY_REASON.set(reason, [...(RULES_BY_REASON.get(reason) ?? []), rule])

/**
 * A filter by type, reason and kind. What a rule of KubeWise needs always passes, whatever is left out: the filter is there to
 * save bus, learning and record from noise, and a rule that goes blind by it would look like a cluster that is well. Who does not
 * want to hear of a rule silences the rule, which is seen and ends; {@link eventFilterWarnings} says so at the start.
 */
export function createEventFilter(settings: EventFilterSettings): EventFilter {
  const lists = DIMENSIONS.map(([code, variable, valueOf]) => ({
    code,
    variable,
    valueOf,
    isLetIn: listOf(settings[variable]),
  }))
  return (event) => {
    const against = lists.find(({ valueOf, isLetIn }) => !isLetIn(valueOf(event)))
    if (!against) return PASSED
    const { code, variable, valueOf } = against
    const what = `Events of ${code} ${valueOf(event)} are left out by ${variable}`
    const rules = RULES_BY_REASON.get(event.reason)
    return rules ? { code: 'needed', say: `${what}, but needed by ${rules.join(', ')}.` } : { code, say: `${what}.` }
  }
}

/** What is wrong with the lists, beyond the form of their names: a sentence for each mistake. */
export function eventFilterMistakes(settings: EventFilterSettings): string[] {
  return DIMENSIONS.flatMap(([code, variable]) => {
    const { included, excluded } = sides(settings[variable])
    const isLetIn = listOf(settings[variable])
    const known = code === 'type' ? ['Normal', 'Warning'] : included
    const inBoth = included.filter((name) => excluded.some((other) => other.toLowerCase() === name.toLowerCase()))
    const both = [...new Set(inBoth)].map(
      (name) => `${variable}: expected ${name} to be let in or left out, got ${name} and !${name}`,
    )
    if (both.length > 0) return both
    const isAllLeftOut = excluded.includes('*') || (known.length > 0 && !known.some((name) => isLetIn(name)))
    return isAllLeftOut
      ? [`${variable}: expected something to be let in, got ${settings[variable].join(',')}, which lets in nothing`]
      : []
  })
}

/** What is allowed but does not do all it says: what is left out by name and passes all the same, since rules need it. */
export function eventFilterWarnings(settings: EventFilterSettings): string[] {
  const leftOut = matcher(sides(settings.EVENT_REASONS).excluded)
  const passing = [...RULES_BY_REASON].filter(([reason]) => leftOut?.test(reason))
  const reasons = passing.map(([reason, rules]) => `${reason} (needed by ${rules.join(', ')})`)
  const kinds = sides(settings.EVENT_KINDS).excluded
  return [
    ...(reasons.length > 0
      ? [`EVENT_REASONS: passes all the same: ${reasons.join(', ')}; silence a rule not to hear of it`]
      : []),
    ...(kinds.length > 0 ? [`EVENT_KINDS: of ${kinds.join(', ')} what rules need passes all the same`] : []),
  ]
}
