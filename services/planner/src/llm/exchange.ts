import { fetchText, HttpError } from '@kubewise/service'
import { LlmError, type LlmFailure } from './provider.ts'

/** An answer is a few hundred bytes; what is far beyond is none. */
const MAX_BYTES = 256 * 1024

export interface Exchange {
  url: string
  headers: Record<string, string>
  body: string
  timeoutMs: number
}

function codeOf({ kind, status = 0 }: HttpError): LlmFailure {
  if (kind !== 'status') return kind
  if (status === 429) return 'rate-limited'
  return status >= 500 || status === 408 ? 'unavailable' : 'refused'
}

/** Words of ours for what went wrong: what a model's server says may hold anything. */
function llmErrorOf(error: HttpError): LlmError {
  const { retryAfterMs } = error
  return new LlmError(codeOf(error), error.message, {
    cause: error,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    throw new LlmError('malformed', 'The model’s server answered something that is not JSON', { cause: error })
  }
  throw new LlmError('malformed', 'The model’s server answered something that is no object')
}

/**
 * One request to a model's server, sent once, bounded in time and, while it streams in, in bytes; the answer is a JSON object.
 *
 * @throws LlmError, or the signal's reason
 */
export async function exchange({ url, ...options }: Exchange, signal: AbortSignal): Promise<Record<string, unknown>> {
  let answer
  try {
    answer = await fetchText(url, { method: 'POST', maxBytes: MAX_BYTES, signal, ...options })
  } catch (error) {
    throw error instanceof HttpError ? llmErrorOf(error) : error
  }
  const type = answer.headers.get('content-type') ?? ''
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type))
    throw new LlmError('wrong-content-type', `${new URL(url).origin} answered with a content type other than JSON`)
  return objectIn(answer.text)
}
