import { CAUSES, decoderOf, type Cause, type Consultation } from '@kubewise/contracts'
import { redactText } from '@kubewise/service'
import { Type, type TEnum } from 'typebox'
import type { Candidate } from '../candidates/candidates.ts'
import { plainText } from './plain-text.ts'
import { LONGEST_REASONING, type PromptParts } from './prompt.ts'
import type { LlmFailure } from './provider.ts'

export const NONE = 'none'
const MOST_CITES = 32
const LONGEST_SHOWN = 600

const Answer = Type.Object(
  {
    candidate: Type.String({ minLength: 1, maxLength: 32 }),
    parameters: Type.Record(Type.String({ maxLength: 64 }), Type.Union([Type.Number(), Type.Null()]), {
      maxProperties: 8,
    }),
    cites: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: MOST_CITES }),
    cause: Type.Enum([...CAUSES]) as TEnum<Cause[]>,
    reasoning: Type.String({ maxLength: LONGEST_REASONING }),
  },
  { additionalProperties: false },
)
const decodeAnswer = decoderOf(Answer)

/** A choice that holds: its candidate was offered, its numbers are within bounds, its facts were supplied. */
export type Chosen = NonNullable<Consultation['answer']>

export type Checked = { ok: true; chosen: Chosen } | { ok: false; code: LlmFailure; errors: string[] }

const failed = (code: LlmFailure, errors: string[]): Checked => ({ ok: false, code, errors })

/** Numbers that were chosen, against the bounds of the candidate: each that is open, and no other. */
function numberMistakes(candidate: Candidate, numbers: ReadonlyMap<string, number>): string[] {
  const missing = Object.keys(candidate.bounds).filter((name) => !numbers.has(name))
  const strange = [...numbers.keys()].filter((name) => !Object.hasOwn(candidate.bounds, name))
  const outside = Object.entries(candidate.bounds).flatMap(([name, { min, max }]) => {
    const value = numbers.get(name)
    const isWithin = value === undefined || (Number.isInteger(value) && value >= min && value <= max)
    return isWithin ? [] : [`parameters.${name}: expected a whole number from ${min} to ${max}, got ${value}`]
  })
  return [
    ...missing.map((name) => `parameters.${name}: expected a number, got nothing`),
    ...strange.map(
      () =>
        `parameters: ${candidate.id} leaves open ${Object.keys(candidate.bounds).join(', ') || 'none'}, got another`,
    ),
    ...outside,
  ]
}

/** A model's own words, as they are shown to people. */
export const shownReasoning = (text: string): string =>
  plainText(redactText(plainText(text, LONGEST_REASONING)), LONGEST_SHOWN)

/**
 * Checks what a model answered. What does not hold in every part is no answer; the mistakes are what a repair turn is told, all
 * at once.
 */
export function checkAnswer(text: string, { evidence, candidates }: PromptParts): Checked {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return failed('not-json', ['the answer: expected one JSON object and nothing else'])
  }
  const decoded = decodeAnswer(value)
  if (!decoded.ok)
    return failed(
      'wrong-schema',
      decoded.errors.slice(0, 8).map((error) => plainText(error, 200)),
    )
  const answer = decoded.value
  const candidate = candidates.find(({ id }) => id === answer.candidate)
  const offered = candidates.map(({ id }) => id).join(', ')
  if (!candidate && answer.candidate !== NONE)
    return failed('unknown-candidate', [`candidate: expected one of ${offered}, ${NONE}`])
  const given = Object.entries(answer.parameters).flatMap(([name, number]) =>
    number === null ? [] : [[name, number] as const],
  )
  const mistakes = candidate ? numberMistakes(candidate, new Map(given)) : []
  if (mistakes.length > 0) return failed('out-of-bounds', mistakes)
  const paths = new Map(evidence.lines.map(({ id, path }) => [id, path]))
  if (answer.cites.length === 0) return failed('uncited', ['cites: expected the id of at least one fact'])
  if (answer.cites.some((cite) => !paths.has(cite)))
    return failed('unknown-fact', ['cites: expected ids of the facts that were listed, got another'])
  return {
    ok: true,
    chosen: {
      candidate: answer.candidate,
      parameters: candidate ? Object.fromEntries(given) : {},
      cites: [...new Set(answer.cites)].map((cite) => paths.get(cite) ?? cite),
      cause: answer.cause,
      reasoning: shownReasoning(answer.reasoning),
    },
  }
}
