import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerWithFault, LLM_FAULTS, type LlmFault, type Wire } from './faults.ts'
import { sensible, type LlmMind, type LlmSays } from './minds.ts'
import type { LlmQuestion } from './questions.ts'

export interface FakeLlm extends AsyncDisposable {
  /** For clients of Gemini's protocol. */
  geminiUrl: string
  /** For clients of OpenAI's, with its `/v1`. */
  openAiUrl: string
  /** Everything that was asked, in its order. */
  questions: readonly LlmQuestion[]
  /** The requests' bodies as they came in. */
  bodies: readonly string[]
  /** From now on it thinks so; a fault's name makes every answer that fault. */
  becomes(mind: LlmMind | LlmFault): void
}

interface GeminiBody {
  contents?: { parts?: { text?: string }[] }[]
  systemInstruction?: { parts?: { text?: string }[] }
  generationConfig?: { responseJsonSchema?: object }
}
interface OpenAiBody {
  model?: string
  messages?: { role?: string; content?: string }[]
  response_format?: { json_schema?: { schema?: object } }
}

const USAGE = { input: 900, output: 60 }

const GEMINI: Wire = {
  said: (text) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: USAGE.input, candidatesTokenCount: USAGE.output },
  }),
  empty: { candidates: [] },
  truncated: {
    candidates: [{ content: { role: 'model', parts: [{ text: '{"candidate":' }] }, finishReason: 'MAX_TOKENS' }],
  },
  blocked: { promptFeedback: { blockReason: 'SAFETY' } },
}

const OPENAI: Wire = {
  said: (content) => ({
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
    usage: { prompt_tokens: USAGE.input, completion_tokens: USAGE.output },
  }),
  empty: { choices: [] },
  truncated: { choices: [{ finish_reason: 'length', message: { role: 'assistant', content: '{"candidate":' } }] },
  blocked: { choices: [{ finish_reason: 'content_filter', message: { role: 'assistant', content: null } }] },
}

const textIn = (parts: { text?: string }[] = []) => parts.map(({ text = '' }) => text).join('')

function questionOf(path: string, body: string): LlmQuestion {
  const value: unknown = JSON.parse(body)
  const gemini = /\/models\/([^:/]+):generateContent/.exec(path)
  if (gemini) {
    const { contents = [], systemInstruction, generationConfig } = value as GeminiBody
    return {
      protocol: 'gemini',
      model: gemini[1] ?? '',
      system: textIn(systemInstruction?.parts),
      turns: contents.map(({ parts }) => textIn(parts)),
      schema: generationConfig?.responseJsonSchema ?? {},
    }
  }
  const { model = '', messages = [], response_format: format } = value as OpenAiBody
  return {
    protocol: 'openai',
    model,
    system: messages.find(({ role }) => role === 'system')?.content ?? '',
    turns: messages.filter(({ role }) => role !== 'system').map(({ content = '' }) => content),
    schema: format?.json_schema?.schema ?? {},
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const isFault = (says: LlmSays): says is { fault: LlmFault } =>
  typeof says === 'object' && 'fault' in says && LLM_FAULTS.includes(says.fault)

const mindOf = (mind: LlmMind | LlmFault): LlmMind => (typeof mind === 'string' ? () => ({ fault: mind }) : mind)

const listen = (server: Server) => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))

/** A model's server on a free port, which speaks both wire protocols and thinks as it is told. */
export async function startLlm(mind: LlmMind | LlmFault = sensible): Promise<FakeLlm> {
  let thinks = mindOf(mind)
  const questions: LlmQuestion[] = []
  const bodies: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request)
      const question = questionOf(request.url ?? '', body)
      bodies.push(body)
      questions.push(question)
      const wire = question.protocol === 'gemini' ? GEMINI : OPENAI
      const says = thinks(question, questions.length)
      if (isFault(says)) return answerWithFault(says.fault, response, wire)
      const text = typeof says === 'string' ? says : JSON.stringify(says)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(wire.said(text)))
    })().catch(() => response.destroy())
  })
  await listen(server)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    geminiUrl: url,
    openAiUrl: `${url}/v1`,
    questions,
    bodies,
    becomes(next) {
      thinks = mindOf(next)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
