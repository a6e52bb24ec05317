import type { Facts, PodFacts } from '@kubewise/contracts'
import { isKnownWord } from './words.ts'

/** One fact as a model sees it. */
export interface EvidenceLine {
  /** What the model cites it by. */
  id: string
  /** What a plan cites it by: the same with the real names. */
  path: string
  text: string
  /** Grows by itself: shown, but no reason to ask anew. */
  isPassing: boolean
}

export interface Evidence {
  lines: readonly EvidenceLine[]
  /** The stand-in for a name of the cluster, the same within one evidence. */
  alias(name: string): string
}

const MOST_LINES = 160
const MOST_MEMBERS = 8

/** Measures that move from one moment to the next. */
const PASSING =
  /(?:[sS]econds|secondsLeft|ratio|siblings|value|confidence|[sS]hare|restarts|illTargets|managedTargets|Bytes)$/

const AGES: readonly [number, string][] = [
  [60, 'under a minute'],
  [600, 'under ten minutes'],
  [3600, 'under an hour'],
  [86_400, 'under a day'],
]
const ageOf = (seconds: number) => AGES.find(([limit]) => seconds < limit)?.[1] ?? 'a day or more'

const rounded = (value: number) => (Number.isInteger(value) ? value : Number(value.toPrecision(2)))

function textOf(name: string, value: string | number | boolean, alias: (name: string) => string): string {
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return /[sS]econds$/.test(name) ? ageOf(value) : String(rounded(value))
  return isKnownWord(value) ? value : alias(value)
}

/** What says nothing is left out: the model is told that whatever is not listed is not the case. */
const isSilent = (value: unknown) => value === '' || value === 0 || value === false

const isIll = ({ ready, terminating }: PodFacts) => !ready && !terminating

/** The members of a list that are shown; of pods those first that something is wrong with. */
function shown(name: string, members: readonly unknown[]): readonly unknown[] {
  const first =
    name === 'pods' ? (members as readonly PodFacts[]).toSorted((a, b) => Number(isIll(b)) - Number(isIll(a))) : members
  return first.slice(0, MOST_MEMBERS)
}

const nameOf = (member: unknown): string | undefined => {
  const { name } = (typeof member === 'object' && member !== null ? member : {}) as { name?: unknown }
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** Uids and hashes help nobody to choose. */
const LEFT_OUT: ReadonlySet<string> = new Set(['uid', 'failing.waiting', 'rollout.lastHealthy.name'])

/**
 * The facts as numbered lines for a model. No text that somebody in the cluster chose is in them: names are replaced by stand-ins,
 * of everything else only closed words, quantities, numbers and truth values are left. Bounded in size.
 */
export function evidenceOf(facts: Facts): Evidence {
  const aliases = new Map<string, string>()
  const alias = (name: string): string => {
    const known = aliases.get(name) ?? `name-${aliases.size + 1}`
    aliases.set(name, known)
    return known
  }
  const lines: EvidenceLine[] = []
  function walk(name: string, value: unknown, id: string, path: string): void {
    if (LEFT_OUT.has(name) || LEFT_OUT.has(path)) return
    if (Array.isArray(value)) {
      for (const [index, member] of shown(name, value).entries()) {
        const real = nameOf(member)
        walk(name, member, `${id}/${index + 1}`, `${path}/${real ?? index + 1}`)
      }
      return
    }
    if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) walk(key, member, `${id}.${key}`, `${path}.${key}`)
      return
    }
    if (isSilent(value) || lines.length >= MOST_LINES) return
    const text = textOf(name, value as string | number | boolean, alias)
    lines.push({ id: `fact:${id}`, path, text, isPassing: PASSING.test(name) })
  }
  for (const [name, member] of Object.entries(facts)) walk(name, member, name, name)
  return { lines, alias }
}
