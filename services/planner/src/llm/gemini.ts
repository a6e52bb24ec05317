import { GoogleGenAI, type GenerateContentResponse } from '@google/genai'
import { exchange } from './exchange.ts'
import { countOf, LlmError, type LlmReply, type LlmRequest, type Provider } from './provider.ts'

export interface GeminiOptions {
  apiKey: string
  model: string
  timeoutMs: number
  /** Another server that speaks its protocol; Google's unless told. */
  baseUrl?: string
}

const BLOCKED: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'LANGUAGE',
])

function replyOf(response: GenerateContentResponse): LlmReply {
  const candidate = Array.isArray(response.candidates) ? response.candidates[0] : undefined
  const reason: string = candidate?.finishReason ?? ''
  if (response.promptFeedback?.blockReason !== undefined || BLOCKED.has(reason))
    throw new LlmError('blocked', 'The model’s server held the answer back')
  if (reason === 'MAX_TOKENS') throw new LlmError('truncated', 'The answer was cut at the limit of tokens')
  const parts = candidate?.content?.parts
  const texts = Array.isArray(parts) ? parts.flatMap(({ text, thought }) => (thought ? [] : (text ?? []))) : []
  const text = texts.filter((each) => typeof each === 'string').join('')
  if (text.trim() === '') throw new LlmError('empty', 'The model answered nothing')
  const { usageMetadata } = response
  return {
    text,
    tokens: { input: countOf(usageMetadata?.promptTokenCount), output: countOf(usageMetadata?.candidatesTokenCount) },
  }
}

const headersOf = (init: RequestInit | undefined) => Object.fromEntries(new Headers(init?.headers))

/** Google's Gemini, by its own client; requests go out through ours, which bounds them in time and bytes and sends them once. */
export function geminiProvider({ apiKey, model, timeoutMs, baseUrl }: GeminiOptions): Provider {
  async function ask(request: LlmRequest, signal: AbortSignal): Promise<GenerateContentResponse> {
    let failure: unknown
    const send = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
      const url = input instanceof Request ? input.url : String(input)
      const body = typeof init?.body === 'string' ? init.body : ''
      try {
        const answer = await exchange({ url, headers: headersOf(init), body, timeoutMs }, signal)
        return new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } })
      } catch (error) {
        failure = error
        throw error
      }
    }
    const client = new GoogleGenAI({
      apiKey,
      vertexai: false,
      httpOptions: { fetch: send, ...(baseUrl && { baseUrl }) },
    })
    try {
      return await client.models.generateContent({
        model,
        contents: request.turns.map(({ role, text }) => ({ role, parts: [{ text }] })),
        config: {
          systemInstruction: request.system,
          responseMimeType: 'application/json',
          responseJsonSchema: request.schema,
          maxOutputTokens: request.maxOutputTokens,
          temperature: 0,
          abortSignal: signal,
        },
      })
    } catch (error) {
      signal.throwIfAborted()
      if (failure !== undefined) throw failure
      throw new LlmError('malformed', 'The model’s server answered something that is no answer', { cause: error })
    }
  }
  return {
    model,
    async choose(request, signal) {
      const response = await ask(request, signal)
      if (typeof response !== 'object' || response === null)
        throw new LlmError('malformed', 'The model’s server answered something that is no answer')
      return replyOf(response)
    },
  }
}
