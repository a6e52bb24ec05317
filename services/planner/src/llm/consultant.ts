import { randomBytes } from 'node:crypto'
import { COLLECTIONS, idOf, type Consultation, type Incident } from '@kubewise/contracts'
import { BreakerOpenError, DeadlineError, explain, type Breaker, type Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { checkAnswer, type Chosen } from './answer.ts'
import { createBudget, type BudgetLimits } from './budget.ts'
import { answerSchema, evidenceHash, promptOf, PROMPT_VERSION, questionOf, type PromptParts } from './prompt.ts'
import { LlmError, type LlmFailure, type Provider, type Turn } from './provider.ts'

/** What a model says to an incident, as far as it is known now. */
export type Opinion =
  | { status: 'asking'; say: string }
  | { status: 'answered'; chosen: Chosen; model: string; prompt: string }
  | { status: 'failed'; code: string; say: string }

export interface ConsultantOptions extends BudgetLimits {
  maxOutputTokens: number
  timeoutMs: number
  /** Keep prompts' texts, redacted. */
  keepsPrompts: boolean
}

export interface ConsultantPorts extends Pick<Kit, 'clock' | 'log' | 'crashpoint' | 'signal'> {
  store: Store
  provider: Provider
  breaker: Breaker
  figures: { calls(outcome: string): void; tokens(direction: 'input' | 'output', count: number): void }
  cluster: string
  /** An opinion came: the incident is to be decided anew. */
  onOpinion: (incident: string) => void
}

/** Puts incidents before a model, each evidence once; the calls go on behind, so that no decision waits for them. */
export interface Consultant {
  consult(incident: Pick<Incident, '_id'>, parts: PromptParts): Promise<Opinion>
  idle(): Promise<void>
}

/** The question, one repair, and one more for a planner that died on the way. */
const MOST_CALLS = 3
const MOST_TURNS = 2
/** Different evidences of one incident; then it is a person's. */
const MOST_PER_INCIDENT = 3
const AT_ONCE = 2
const KEPT_MS = 30 * 24 * 3_600_000
const REST_MS = 30_000
const LONGEST_REST_MS = 600_000
/** Fewer characters a token than any model has on average for such text: an estimate that is never too low. */
const CHARACTERS_PER_TOKEN = 2

/** Failures that another attempt may end otherwise. */
const PASSING: ReadonlySet<LlmFailure> = new Set([
  'timeout',
  'unreachable',
  'rate-limited',
  'unavailable',
  'breaker-open',
  'budget-plans',
  'budget-money',
])

/** Of these no call has left. */
const UNSENT: ReadonlySet<LlmFailure> = new Set(['breaker-open', 'budget-tokens', 'budget-plans', 'budget-money'])

/** Is the model's server ill, for the breaker? Answers that cannot be used are no illness of it. */
export const isIllness = (error: unknown): boolean =>
  !(error instanceof LlmError) ||
  ['timeout', 'unreachable', 'rate-limited', 'unavailable', 'too-large', 'wrong-content-type'].includes(error.code)

const tokensIn = (text: string) => Math.ceil(text.length / CHARACTERS_PER_TOKEN)

const asLlmError = (error: unknown): LlmError => {
  if (error instanceof LlmError) return error
  if (error instanceof BreakerOpenError) return new LlmError('breaker-open', error.message, { cause: error })
  if (error instanceof DeadlineError) return new LlmError('timeout', error.message, { cause: error })
  return new LlmError('malformed', `The model cannot be asked: ${explain(error)}`, { cause: error })
}

export function createConsultant(ports: ConsultantPorts, options: ConsultantOptions): Consultant {
  const { store, clock, log, crashpoint, provider, breaker, figures, cluster, signal } = ports
  const consultations = store.collection(COLLECTIONS.consultations)
  const prompts = store.collection(COLLECTIONS.prompts)
  const budget = createBudget(store, clock, cluster, options)
  const running = new Map<string, Promise<void>>()
  /** Longer than all that one holder may need. */
  const leaseMs = (MOST_TURNS + 1) * options.timeoutMs + 5_000

  /** Takes the word for one call, durably; undefined where somebody else has it, or none is left. */
  async function claim(before: Consultation): Promise<Consultation | undefined> {
    if (before.calls >= MOST_CALLS) return undefined
    const nowMs = clock.now()
    const { againMs: _again, code: _code, say: _say, ...kept } = before
    const next: Consultation = { ...kept, status: 'asking', calls: before.calls + 1, holderUntilMs: nowMs + leaseMs }
    if ((await consultations.replace(next)) === 'conflict') return undefined
    crashpoint('planner:llm-claimed')
    return { ...next, version: before.version + 1 }
  }

  async function finish(before: Consultation, ended: Partial<Consultation>): Promise<void> {
    const outcome = await consultations.replace({ ...before, holderUntilMs: clock.now(), ...ended })
    if (outcome === 'conflict') log.warn({ incident: before.incident }, 'another planner has this consultation')
    crashpoint('planner:llm-recorded')
  }

  /** One call within the budget. @throws LlmError */
  async function call(system: string, turns: readonly Turn[], schema: object, usedTokens: number, isFirst: boolean) {
    const size = tokensIn(system + JSON.stringify(schema) + turns.map(({ text }) => text).join(''))
    if (usedTokens + size + options.maxOutputTokens > options.tokensPerPlan)
      throw new LlmError(
        'budget-tokens',
        `The question would take more than the ${options.tokensPerPlan} tokens of a plan.`,
      )
    const reserved = budget.price(size, options.maxOutputTokens)
    await budget.reserve(reserved, isFirst)
    crashpoint('planner:llm-reserved')
    const request = { system, turns, schema, maxOutputTokens: options.maxOutputTokens }
    const reply = await breaker.run((within) => provider.choose(request, AbortSignal.any([within, signal])))
    crashpoint('planner:llm-called')
    await budget.settle(reserved, reply.tokens)
    const tokens = { input: reply.tokens.input ?? reserved.input, output: reply.tokens.output ?? reserved.output }
    figures.tokens('input', tokens.input)
    figures.tokens('output', tokens.output)
    return { text: reply.text, tokens: tokens.input + tokens.output }
  }

  async function keepPrompt(hash: string, text: string): Promise<void> {
    if (!options.keepsPrompts) return
    const nowMs = clock.now()
    await prompts.insert({ _id: hash, promptVersion: PROMPT_VERSION, text, keptMs: nowMs, expiresMs: nowMs + KEPT_MS })
  }

  async function ask(claimed: Consultation, parts: PromptParts, question: string): Promise<void> {
    const schema = answerSchema(parts)
    const { system, text } = promptOf(question, randomBytes(8).toString('hex'))
    const turns: Turn[] = [{ role: 'user', text }]
    let mine = claimed
    let tokens = mine.tokens
    for (let turn = 1; ; turn++) {
      const reply = await call(system, turns, schema, tokens, turn === 1)
      tokens += reply.tokens
      const checked = checkAnswer(reply.text, parts)
      figures.calls(checked.ok ? 'answered' : checked.code)
      if (checked.ok) return finish(mine, { status: 'answered', answer: checked.chosen, tokens })
      const next = turn < MOST_TURNS ? await claim({ ...mine, tokens }) : undefined
      if (!next) {
        const say = `The model’s answer cannot be used: ${checked.errors.join('; ')}`
        return finish(mine, { status: 'failed', code: checked.code, say, tokens })
      }
      mine = next
      const mistakes = checked.errors.map((error) => `- ${error}`).join('\n')
      turns.push({ role: 'model', text: reply.text.slice(0, 4000) })
      turns.push({
        role: 'user',
        text: `Your answer cannot be used:\n${mistakes}\nAnswer once more, with one JSON object.`,
      })
    }
  }

  async function askInFull(claimed: Consultation, parts: PromptParts, question: string): Promise<void> {
    try {
      await keepPrompt(claimed.prompt, question)
      await ask(claimed, parts, question)
    } catch (error) {
      if (signal.aborted) return
      const { code, message: say, retryAfterMs = REST_MS } = asLlmError(error)
      figures.calls(code)
      log.warn({ incident: claimed.incident, code, say }, 'model gave no answer')
      const againMs = clock.now() + Math.min(Math.max(retryAfterMs, 1000), LONGEST_REST_MS)
      const latest = await consultations.get(claimed._id)
      if (latest?.status === 'asking')
        await finish(latest, {
          status: 'failed',
          code,
          say,
          ...(UNSENT.has(code) && { calls: Math.max(0, latest.calls - 1) }),
          ...(PASSING.has(code) && { againMs }),
        })
    }
  }

  /** Behind the decision; who asks later finds the record. */
  function start(claimed: Consultation, parts: PromptParts, question: string): void {
    const work = askInFull(claimed, parts, question)
      .catch((error: unknown) => signal.aborted || log.error({ err: error }, 'consultation was not recorded'))
      .finally(() => {
        running.delete(claimed._id)
        if (!signal.aborted) ports.onOpinion(claimed.incident)
      })
    running.set(
      claimed._id,
      work.then(() => undefined),
    )
  }

  const asking = (): Opinion => ({ status: 'asking', say: `The model ${provider.model} is being asked.` })
  const failed = (code: string, say: string): Opinion => ({ status: 'failed', code, say })

  async function open(incident: string, evidence: string, prompt: string, id: string): Promise<Consultation | Opinion> {
    const earlier = await consultations.count({ incident })
    if (earlier >= MOST_PER_INCIDENT)
      return failed('asked-enough', `A model was asked ${earlier} times about this incident already.`)
    const nowMs = clock.now()
    const body = { cluster, incident, evidence, model: provider.model, promptVersion: PROMPT_VERSION, prompt }
    const times = { holderUntilMs: 0, askedMs: nowMs, expiresMs: nowMs + KEPT_MS }
    await consultations.insert({ _id: id, ...body, status: 'asking', calls: 0, tokens: 0, ...times })
    return (await consultations.get(id)) ?? failed('interrupted', 'The consultation is gone from the record.')
  }

  function known(found: Consultation): Opinion | undefined {
    const nowMs = clock.now()
    if (found.status === 'answered' && found.answer)
      return { status: 'answered', chosen: found.answer, model: found.model, prompt: found.prompt }
    if (found.status === 'failed') {
      const mayAgain = found.againMs !== undefined && nowMs >= found.againMs && found.calls < MOST_CALLS
      return mayAgain ? undefined : failed(found.code ?? 'interrupted', found.say ?? 'The model gave no answer.')
    }
    if (running.has(found._id) || nowMs < found.holderUntilMs) return asking()
    return found.calls >= MOST_CALLS
      ? failed('interrupted', 'The model was asked as often as it may be, and no answer is on record.')
      : undefined
  }

  return {
    async consult({ _id: incident }, parts) {
      const question = questionOf(parts)
      const evidence = evidenceHash(provider.model, parts)
      const id = idOf('consultation', cluster, incident, evidence)
      const found = (await consultations.get(id)) ?? (await open(incident, evidence, promptOf(question, '').hash, id))
      if (!('_id' in found)) return found
      const opinion = known(found)
      if (opinion) return opinion
      // Nobody waits in a line for a model: a person is told now, and the model asked at a later decision.
      if (running.size >= AT_ONCE) return failed('busy', 'Other incidents are before the model.')
      const claimed = await claim(found)
      if (claimed) start(claimed, parts, question)
      return asking()
    },
    async idle() {
      while (running.size > 0) await Promise.all(running.values())
    },
  }
}
