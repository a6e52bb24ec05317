import { decodePlaybook, hashOf, type Playbook, type PlaybookStep } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { LineCounter, parseDocument } from 'yaml'
import { compileCondition, factsIn, type Condition } from './cel.ts'
import { checkStep, type LoadedStep } from './check-step.ts'
import { mistakeAt, mistakeIn, type PlaybookMistake, type Source } from './position.ts'

/** A playbook that passed every check, ready to be asked. */
export interface LoadedPlaybook {
  name: string
  hash: string
  order: number
  cause: string
  summary: string
  when: Condition
  not: readonly { code: string; say: string; when: Condition }[]
  steps: readonly LoadedStep[]
  fallback: readonly LoadedStep[]
  expect?: NonNullable<Playbook['spec']['expect']>
  /** Facts that its condition and its values name, by path: `rollout.lastHealthy.exists`. */
  cites: readonly string[]
}

export type Loaded = { playbook: LoadedPlaybook } | { mistakes: PlaybookMistake[] }

const DEFAULT_ORDER = 100
// A playbook is a page; what is larger is a mistake or an attack on the parser.
const LONGEST_TEXT = 64 * 1024

function parse(file: string, text: string): Source {
  const lines = new LineCounter()
  return { file, text, lines, document: parseDocument(text, { lineCounter: lines, prettyErrors: false }) }
}

/** The document's value; undefined for one whose aliases unfold without end. */
function valueOf({ document }: Source): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 })
  } catch {
    return undefined
  }
}

/** Puts today's names in place of the original's, which people may still write. */
function withoutAliases(value: unknown): unknown {
  const spec = (value as { spec?: Record<string, unknown> } | null)?.spec
  if (typeof spec !== 'object' || spec === null) return value
  const renamed = (steps: unknown): unknown =>
    Array.isArray(steps)
      ? steps.map((step: { action?: unknown } | null) =>
          typeof step?.action === 'string' ? { ...step, action: actionNamed(step.action)?.name ?? step.action } : step,
        )
      : steps
  const lists = Object.fromEntries(
    ['steps', 'fallback'].filter((key) => key in spec).map((key) => [key, renamed(spec[key])]),
  )
  return { ...(value as object), spec: { ...spec, ...lists } }
}

/** `spec.steps.0.with: must be object` → the same, placed. */
function placed(source: Source, error: string): PlaybookMistake {
  const [, where = '', say = error] = /^([^:\s]+): (.*)$/s.exec(error) ?? []
  const path = where === 'value' ? [] : where.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  return mistakeIn(source, path, say)
}

type Sink = PlaybookMistake[]

function condition(source: Source, path: (string | number)[], text: string, mistakes: Sink): Condition {
  const compiled = compileCondition(text)
  if (typeof compiled === 'function') return compiled
  mistakes.push(mistakeIn(source, path, compiled.say, compiled.start))
  return () => false
}

function steps(source: Source, key: 'steps' | 'fallback', list: readonly PlaybookStep[], mistakes: Sink): LoadedStep[] {
  const idOf = (step: PlaybookStep | undefined, index: number) =>
    step && (step.id ?? `${key === 'steps' ? 'step' : 'fallback'}-${index + 1}`)
  return list.flatMap((step, index) => {
    const before = idOf(list[index - 1], index - 1)
    const checked = checkStep(source, ['spec', key, index], step, idOf(step, index) ?? '', before)
    if (!Array.isArray(checked)) return [checked]
    mistakes.push(...checked)
    return []
  })
}

/**
 * Reads one playbook from YAML text: form, conditions against the facts, actions, parameters.
 *
 * @param file how its mistakes name it
 */
export function loadPlaybook(file: string, text: string): Loaded {
  const source = parse(file, text.length > LONGEST_TEXT ? '' : text)
  if (text.length > LONGEST_TEXT)
    return { mistakes: [mistakeAt(source, 0, `expected at most ${LONGEST_TEXT} characters, got ${text.length}`)] }
  if (source.document.errors.length > 0)
    return { mistakes: source.document.errors.map((error) => mistakeAt(source, error.pos[0], error.message)) }
  const decoded = decodePlaybook(withoutAliases(valueOf(source)))
  if (!decoded.ok) return { mistakes: decoded.errors.map((error) => placed(source, error)) }
  return checkPlaybook(source, decoded.value)
}

function citesOf({ when, steps = [] }: Playbook['spec']): string[] {
  const values = steps.flatMap((step) => Object.values(step.with ?? {}))
  const named = values.flatMap((value) => (typeof value === 'object' ? value.fact : []))
  return [...new Set([...factsIn(when), ...named])].sort()
}

function checkPlaybook(source: Source, playbook: Playbook): Loaded {
  const { spec, metadata } = playbook
  const mistakes: Sink = []
  const loaded: LoadedPlaybook = {
    name: metadata.name,
    hash: hashOf(playbook),
    order: spec.order ?? DEFAULT_ORDER,
    cause: spec.cause,
    summary: spec.summary,
    when: condition(source, ['spec', 'when'], spec.when, mistakes),
    not: (spec.not ?? []).map(({ code, say, when }, index) => ({
      code,
      say,
      when: condition(source, ['spec', 'not', index, 'when'], when, mistakes),
    })),
    steps: steps(source, 'steps', spec.steps ?? [], mistakes),
    fallback: steps(source, 'fallback', spec.fallback ?? [], mistakes),
    ...(spec.expect && { expect: spec.expect }),
    cites: citesOf(spec),
  }
  return mistakes.length > 0 ? { mistakes } : { playbook: loaded }
}
