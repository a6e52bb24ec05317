import { createBreaker, type Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { createConsultant, isIllness, type Consultant } from './consultant.ts'
import { geminiProvider } from './gemini.ts'
import { openAiProvider } from './openai.ts'
import { LLM_FAILURES, type Provider } from './provider.ts'
import type { LlmSettings } from './settings.ts'

const SECOND = 1000
const PUBLIC_OPENAI = 'https://api.openai.com/v1'

/** The model that the settings name; Gemini where both are set. Undefined: none, and nothing leaves. */
export function providerOf(settings: LlmSettings): Provider | undefined {
  const timeoutMs = settings.KUBEWISE_LLM_TIMEOUT * SECOND
  const { GEMINI_API_KEY, GEMINI_MODEL_ID, GEMINI_BASE_URL, OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL } = settings
  if (GEMINI_API_KEY !== undefined)
    return geminiProvider({
      apiKey: GEMINI_API_KEY,
      model: GEMINI_MODEL_ID,
      timeoutMs,
      ...(GEMINI_BASE_URL && { baseUrl: GEMINI_BASE_URL }),
    })
  if (OPENAI_MODEL === undefined || (OPENAI_API_KEY ?? OPENAI_BASE_URL) === undefined) return undefined
  const baseUrl = OPENAI_BASE_URL ?? PUBLIC_OPENAI
  return openAiProvider({ baseUrl, model: OPENAI_MODEL, timeoutMs, ...(OPENAI_API_KEY && { apiKey: OPENAI_API_KEY }) })
}

export interface LlmPorts extends Kit {
  store: Store
  cluster: string
  breaker: { openMs: number; errorThreshold: number }
  onOpinion: (incident: string) => void
}

/** The consultant that the settings ask for, with its breaker and counters; undefined where no model is set. */
export function consultantOf(ports: LlmPorts, settings: LlmSettings): Consultant | undefined {
  const { log, metrics } = ports
  const provider = providerOf(settings)
  if (!provider) {
    const isHalfSet = (settings.OPENAI_API_KEY ?? settings.OPENAI_BASE_URL ?? settings.OPENAI_MODEL) !== undefined
    if (isHalfSet) log.warn('no model is asked: expected OPENAI_MODEL with OPENAI_BASE_URL or OPENAI_API_KEY')
    return undefined
  }
  const timeoutMs = settings.KUBEWISE_LLM_TIMEOUT * SECOND
  const calls = metrics.counter('kubewise_llm_answers_total', 'What models were asked, by how it ended.', {
    outcome: ['answered', ...LLM_FAILURES],
  })
  const tokens = metrics.counter('kubewise_llm_tokens_total', 'Tokens of questions and answers.', {
    direction: ['input', 'output'],
  })
  log.info(
    { model: provider.model, mayAct: settings.KUBEWISE_LLM_MAY_ACT },
    'a model is asked where no playbook applies',
  )
  return createConsultant(
    {
      ...ports,
      provider,
      breaker: createBreaker('llm', { ...ports.breaker, timeoutMs: timeoutMs + SECOND, isFailure: isIllness }, ports),
      figures: {
        calls: (outcome) => calls.inc({ outcome }),
        tokens: (direction, count) => tokens.inc({ direction }, count),
      },
    },
    {
      timeoutMs,
      maxOutputTokens: settings.KUBEWISE_LLM_MAX_OUTPUT_TOKENS,
      tokensPerPlan: settings.KUBEWISE_LLM_TOKENS_PER_PLAN,
      plansPerHour: settings.KUBEWISE_LLM_PLANS_PER_HOUR,
      usdPerDay: settings.KUBEWISE_LLM_USD_PER_DAY,
      inputUsdPerMillion: settings.KUBEWISE_LLM_USD_PER_MILLION_INPUT,
      outputUsdPerMillion: settings.KUBEWISE_LLM_USD_PER_MILLION_OUTPUT,
      keepsPrompts: settings.KUBEWISE_LLM_KEEP_PROMPTS,
    },
  )
}
