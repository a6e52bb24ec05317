/** How asking a model can end without an answer that can be used; a closed list, counted and told. */
export const LLM_FAILURES = [
  'timeout',
  'unreachable',
  'rate-limited',
  'unavailable',
  'refused',
  'wrong-content-type',
  'too-large',
  'malformed',
  'empty',
  'truncated',
  'blocked',
  'breaker-open',
  'not-json',
  'wrong-schema',
  'unknown-candidate',
  'out-of-bounds',
  'uncited',
  'unknown-fact',
  'budget-tokens',
  'budget-plans',
  'budget-money',
  'asked-enough',
  'busy',
  'interrupted',
] as const
export type LlmFailure = (typeof LLM_FAILURES)[number]

/** A model gave no answer that can be used. The message is ours; what the model said is not in it. */
export class LlmError extends Error {
  override readonly name = 'LlmError'
  readonly code: LlmFailure
  /** How long its server asked to be left alone. */
  readonly retryAfterMs?: number

  constructor(code: LlmFailure, message: string, details: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : {})
    this.code = code
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs
  }
}

export interface Turn {
  role: 'user' | 'model'
  text: string
}

export interface LlmRequest {
  /** What the model is told to do; never a word of the cluster. */
  system: string
  turns: readonly Turn[]
  /** JSON Schema that the answer must fit. */
  schema: object
  maxOutputTokens: number
}

export interface LlmReply {
  /** What the model wrote: data. */
  text: string
  /** As its server counts them; undefined where it did not say so sensibly. */
  tokens: { input: number | undefined; output: number | undefined }
}

/** One model behind one protocol. It chooses; what may be chosen, and what becomes of it, is decided elsewhere. */
export interface Provider {
  model: string
  /** One call, sent once. @throws LlmError, or the signal's reason */
  choose(request: LlmRequest, signal: AbortSignal): Promise<LlmReply>
}

/** A count as a stranger sent it. */
export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
