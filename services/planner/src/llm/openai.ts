import { exchange } from './exchange.ts'
import { countOf, LlmError, type LlmReply, type LlmRequest, type Provider } from './provider.ts'

export interface OpenAiOptions {
  /** Up to and with the version, such as `http://localhost:11434/v1`. */
  baseUrl: string
  /** Local models want none. */
  apiKey?: string
  model: string
  timeoutMs: number
}

interface Completion {
  choices?: { finish_reason?: unknown; message?: { content?: unknown; refusal?: unknown } | null }[]
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null
}

const roleOf = { user: 'user', model: 'assistant' } as const

function bodyOf(model: string, { system, turns, schema, maxOutputTokens }: LlmRequest): string {
  return JSON.stringify({
    model,
    temperature: 0,
    max_tokens: maxOutputTokens,
    messages: [
      { role: 'system', content: system },
      ...turns.map(({ role, text }) => ({ role: roleOf[role], content: text })),
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'choice', strict: true, schema } },
  })
}

function replyOf(completion: Completion): LlmReply {
  const choice = Array.isArray(completion.choices) ? completion.choices[0] : undefined
  const content = choice?.message?.content
  if (choice?.finish_reason === 'content_filter' || typeof choice?.message?.refusal === 'string')
    throw new LlmError('blocked', 'The model’s server held the answer back')
  if (choice?.finish_reason === 'length') throw new LlmError('truncated', 'The answer was cut at the limit of tokens')
  if (typeof content !== 'string' || content.trim() === '') throw new LlmError('empty', 'The model answered nothing')
  const { usage } = completion
  return { text: content, tokens: { input: countOf(usage?.prompt_tokens), output: countOf(usage?.completion_tokens) } }
}

/** Any server that speaks OpenAI's chat completions: hosted ones, and local ones such as Ollama, vLLM, llama.cpp. */
export function openAiProvider({ baseUrl, apiKey, model, timeoutMs }: OpenAiOptions): Provider {
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`
  const headers = { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) }
  return {
    model,
    async choose(request, signal) {
      return replyOf(await exchange({ url, headers, body: bodyOf(model, request), timeoutMs }, signal))
    },
  }
}
