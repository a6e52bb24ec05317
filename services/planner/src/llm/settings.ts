import { Choice, Duration, HttpUrl } from '@kubewise/service'
import { Type, type Static } from 'typebox'

const trimmed = (text: string) => text.trim()
const Key = () => Type.String({ minLength: 1, secret: true, expected: 'a key', read: trimmed })
const Model = () => Type.String({ pattern: '^[\\w.:/@-]{1,128}$', expected: 'the name of a model', read: trimmed })
const Usd = (value: number) => Type.Number({ default: value, minimum: 0 })

/** Models: off unless a key, or an address with a model, is set. */
export const llmSettings = {
  GEMINI_API_KEY: Type.Optional(Key()),
  GEMINI_MODEL_ID: Type.String({ ...Model(), default: 'gemini-2.5-flash' }),
  /** Another server that speaks Gemini's protocol. */
  GEMINI_BASE_URL: Type.Optional(HttpUrl()),
  /** Any server that speaks OpenAI's chat completions, up to and with `/v1`; local ones need no key. */
  OPENAI_BASE_URL: Type.Optional(HttpUrl()),
  OPENAI_API_KEY: Type.Optional(Key()),
  OPENAI_MODEL: Type.Optional(Model()),
  /** Seconds, for one call. */
  KUBEWISE_LLM_TIMEOUT: Duration('s', { default: 20, minimum: 1, maximum: 120 }),
  /** Question and answer, all turns of one plan together. */
  KUBEWISE_LLM_TOKENS_PER_PLAN: Type.Integer({ default: 32_000, minimum: 1000 }),
  KUBEWISE_LLM_MAX_OUTPUT_TOKENS: Type.Integer({ default: 1024, minimum: 64, maximum: 16_384 }),
  KUBEWISE_LLM_PLANS_PER_HOUR: Type.Integer({ default: 20, minimum: 0, maximum: 1000 }),
  KUBEWISE_LLM_USD_PER_DAY: Usd(2),
  /** US dollars for a million tokens; what the budget of a day is counted by. */
  KUBEWISE_LLM_USD_PER_MILLION_INPUT: Usd(2),
  KUBEWISE_LLM_USD_PER_MILLION_OUTPUT: Usd(12),
  /**
   * A plan that a model chose may be carried out as any other. Without it, it waits for a person also in mode auto: a model's
   * choice is bounded by rules, but nobody has reviewed it before.
   */
  KUBEWISE_LLM_MAY_ACT: Type.Boolean({ default: false }),
  /** templates: also the words of system components in messages, everything else of them replaced. */
  KUBEWISE_LLM_TEXT: Choice(['off', 'templates'], { default: 'off' }),
  /** Keep the redacted text of each prompt in the record, 30 days. */
  KUBEWISE_LLM_KEEP_PROMPTS: Type.Boolean({ default: false }),
}

const Schema = Type.Object(llmSettings)
export type LlmSettings = Static<typeof Schema>
