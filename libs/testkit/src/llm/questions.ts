/** What a model was asked, whatever the protocol. */
export interface LlmQuestion {
  protocol: 'gemini' | 'openai'
  model: string
  system: string
  /** In their order; the last is what is to be answered. */
  turns: readonly string[]
  /** JSON Schema that the answer shall fit. */
  schema: AnswerSchema
}

interface AnswerSchema {
  properties?: {
    candidate?: { enum?: string[] }
    cites?: { items?: { enum?: string[] } }
    parameters?: { properties?: Record<string, unknown> }
  }
}

/** Ids of the candidates that were offered. */
export const offeredIn = ({ schema }: LlmQuestion): string[] =>
  (schema.properties?.candidate?.enum ?? []).filter((id) => id !== 'none')

export const factsIn = ({ schema }: LlmQuestion): string[] => schema.properties?.cites?.items?.enum ?? []

const lineOf = ({ turns }: LlmQuestion, id: string): string =>
  turns[0]?.split('\n').find((line) => line.startsWith(`${id}: `)) ?? ''

/** Numbers that a candidate leaves open, with their bounds; null for those that are another's. */
export function numbersFor(question: LlmQuestion, id: string, end: 'min' | 'max'): Record<string, number | null> {
  const names = Object.keys(question.schema.properties?.parameters?.properties ?? {})
  return Object.fromEntries(
    names.map((name) => {
      const [, min, max] = new RegExp(`\\b${name} from (\\d+) to (\\d+)`).exec(lineOf(question, id)) ?? []
      const value = end === 'min' ? min : max
      return [name, value === undefined ? null : Number(value)]
    }),
  )
}

const RISKS = ['low', 'medium', 'high']
const riskOf = (question: LlmQuestion, id: string) =>
  RISKS.findLastIndex((risk) => lineOf(question, id).includes(`Risk ${risk}`))

/** The candidate of the highest risk; of equals the last. */
export const worstOf = (question: LlmQuestion): string =>
  offeredIn(question).reduce((worst, id) => (riskOf(question, id) >= riskOf(question, worst) ? id : worst), 'none')
