import { titleOf, type Execution, type Plan, type Refusal } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { redactText } from '@kubewise/service'

/** What happened, as people are told. */
export type Happening = 'waiting' | 'acting' | 'noticed' | 'escalated' | Execution['status']

const HEADLINES: Partial<Record<Happening, string>> = {
  waiting: 'waits for your approval',
  acting: 'is being remedied',
  noticed: 'is worth your notice',
  recovered: 'recovered',
  undone: 'did not recover; the change was taken back',
  escalated: 'needs a person',
  failed: 'did not recover',
  refused: 'was left alone',
}

const cleaned = (refusal: Refusal | undefined) => refusal && { ...refusal, say: redactText(refusal.say) }

const stepLine = ({ action, object, status, refusal }: Execution['steps'][number]) =>
  `• ${actionNamed(action)?.title ?? action} (${titleOf(object)}): ${status}${refusal ? `, ${redactText(refusal.say)}` : ''}`

/** A message that Slack shows as it is (`text`) and that programs can read. `id` is the same when it is sent again. */
export function messageOf(plan: Plan, happening: Happening, told: string, execution?: Execution) {
  const say = redactText(told)
  const headline = `${titleOf(plan.target)} ${HEADLINES[happening] ?? happening}`
  const lines = [`*KubeWise*: ${headline} (${plan.cause}).`, say, ...(execution?.steps.map(stepLine) ?? [])]
  return {
    text: lines.filter((line) => line !== '').join('\n'),
    id: `${plan._id}/${happening}`,
    happening,
    cluster: plan.cluster,
    namespace: plan.target.namespace,
    target: titleOf(plan.target),
    incident: plan.incident,
    plan: plan._id,
    cause: plan.cause,
    risk: plan.risk,
    reasoning: redactText(plan.reasoning),
    say,
    ...(execution && {
      execution: {
        status: execution.status,
        refusal: cleaned(execution.refusal),
        verdict: execution.verdict && { ...execution.verdict, say: redactText(execution.verdict.say) },
        steps: execution.steps.map(({ id, action, status, refusal }) => ({
          id,
          action,
          status,
          refusal: cleaned(refusal),
        })),
      },
    }),
  }
}
