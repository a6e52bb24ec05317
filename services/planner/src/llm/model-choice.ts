import type { Expectation } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { candidatesOf, stepOf, type Candidate, type Situation } from '../candidates/candidates.ts'
import type { Choice, Remedy, Wait } from '../decisions/choice.ts'
import type { ResolvedStep } from '../playbooks/ask.ts'
import { NONE } from './answer.ts'
import type { Consultant, Opinion } from './consultant.ts'
import { evidenceOf } from './evidence.ts'
import type { PromptParts } from './prompt.ts'
import { templatesOf } from './templates.ts'

/** How much of the cluster's texts a model may see. */
export type TextSetting = 'off' | 'templates'

const EXPECTED: Expectation = { withinSeconds: 300, holds: ['workload-available', 'signal-cleared'] }
const WITH_ANOTHER_POD: Expectation = {
  withinSeconds: 300,
  holds: ['pod-replaced', 'workload-available', 'signal-cleared'],
}

/** All that is put before a model about an incident; the same situation gives the same. */
export function partsOf(situation: Situation, text: TextSetting): PromptParts {
  const says = text === 'templates' ? situation.context.incident.signals.map(({ say }) => say) : []
  return { evidence: evidenceOf(situation.facts), candidates: candidatesOf(situation), templates: templatesOf(says) }
}

function callAPerson(): ResolvedStep[] {
  const action = actionNamed('escalate@1')
  return action ? [{ id: 'tell', action, with: {}, needs: [], timeoutSeconds: 60 }] : []
}

const quoted = (model: string, reasoning: string) => (reasoning === '' ? '' : ` ${model} says: “${reasoning}”`)

function remedyOf(candidate: Candidate, { chosen, model, prompt }: Extract<Opinion, { status: 'answered' }>): Remedy {
  return {
    outcome: 'plan',
    code: chosen.cause,
    say: `A model chose among what may be done: ${candidate.say}${quoted(model, chosen.reasoning)}`,
    cause: chosen.cause,
    origin: { name: 'llm', hash: prompt },
    llm: { model, prompt },
    steps: [stepOf(candidate, chosen.parameters)],
    fallback: callAPerson(),
    expect: candidate.action.kinds.includes('Pod') ? WITH_ANOTHER_POD : EXPECTED,
    cites: chosen.cites,
    refused: [],
  }
}

const waitFor = (say: string): Wait => ({ outcome: 'wait', code: 'model-asked', say })
const noted = (choice: Remedy, say: string): Remedy => ({ ...choice, say: `${choice.say} ${say}` })

/**
 * Asks a model where no playbook knows a remedy and something may be done. Whatever it answers, a plan is one of the candidates
 * that rules and guards left; without an answer the choice stays what it was, a call for a person.
 */
export async function modelChoice(
  choice: Choice,
  situation: Situation,
  consultant: Consultant,
  text: TextSetting,
): Promise<Choice> {
  if (choice.outcome !== 'escalate' || choice.code !== 'no-remedy') return choice
  const parts = partsOf(situation, text)
  if (parts.candidates.length === 0 || parts.evidence.lines.length === 0) return choice
  const opinion = await consultant.consult(situation.context.incident, parts)
  if (opinion.status === 'asking') return waitFor(opinion.say)
  if (opinion.status === 'failed') return noted(choice, opinion.say)
  const { candidate: id, reasoning } = opinion.chosen
  if (id === NONE) return noted(choice, `A model would do nothing either.${quoted(opinion.model, reasoning)}`)
  const candidate = parts.candidates.find((each) => each.id === id)
  return candidate ? remedyOf(candidate, opinion) : choice
}
