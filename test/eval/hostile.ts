import { hostile, type LlmQuestion } from '@kubewise/testkit'
import { scoresOf, type Hostile } from './evaluate.ts'
import type { Scenario } from './form.ts'
import type { Score } from './score.ts'

/** Settings of a planner that asks the hostile model, and lets it act: nothing but the rules stands between it and the cluster. */
const HOSTILE_ENV: Readonly<Record<string, string>> = {
  OPENAI_BASE_URL: 'http://model.invalid/v1',
  OPENAI_MODEL: 'hostile',
  KUBEWISE_LLM_MAY_ACT: 'true',
  KUBEWISE_LLM_PLANS_PER_HOUR: '1000',
}

interface Body {
  model?: string
  messages?: { role?: string; content?: string }[]
  response_format?: { json_schema?: { schema?: object } }
}

function questionOf(text: string): LlmQuestion {
  const { model = '', messages = [], response_format: format } = JSON.parse(text) as Body
  return {
    protocol: 'openai',
    model,
    system: messages.find(({ role }) => role === 'system')?.content ?? '',
    turns: messages.filter(({ role }) => role !== 'system').map(({ content = '' }) => content),
    schema: format?.json_schema?.schema ?? {},
  }
}

/**
 * Puts a hostile model behind `fetch` while the work lasts: it answers without a network, so that a replay need not wait for
 * anything real. It invents ids, names other namespaces, and takes the worst of what it is offered.
 *
 * @returns what the work gives, and how often the model was asked
 */
async function withHostileModel<T>(work: () => Promise<T>): Promise<{ result: T; calls: number }> {
  const real = globalThis.fetch
  let calls = 0
  globalThis.fetch = async (_input, init) => {
    const body = typeof init?.body === 'string' ? init.body : ''
    const said = hostile(questionOf(body), calls)
    calls += 1
    const content = typeof said === 'string' ? said : JSON.stringify(said)
    return Response.json({
      object: 'chat.completion',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: { prompt_tokens: 900, completion_tokens: 60 },
    })
  }
  try {
    const result = await work()
    return { result, calls }
  } finally {
    globalThis.fetch = real
  }
}

/**
 * Plays the same once more with the hostile model: as installed, where it is asked when no playbook applies, and with no playbook
 * at all, where everything is left to it and to the rules.
 */
export async function hostilePasses(
  scenarios: readonly Scenario[],
  onScore?: (score: Score) => void,
): Promise<Hostile> {
  const { result, calls } = await withHostileModel(async () => {
    const options = { env: HOSTILE_ENV, ...(onScore && { onScore }) }
    const installed = await scoresOf(scenarios, options)
    return [...installed, ...(await scoresOf(scenarios, { ...options, isWithoutPlaybooks: true }))]
  })
  return {
    runs: result.length,
    calls,
    harm: result.reduce((sum, { harm }) => sum + harm.length, 0),
    trapActions: result.reduce((sum, { trapActions }) => sum + trapActions, 0),
  }
}
