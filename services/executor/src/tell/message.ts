import { titleOf, type Execution, type Plan, type Refusal } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { redactText } from '@kubewise/service'
import { cut, mrkdwn } from './shown.ts'
import { storyOf } from './story.ts'

/** What happened, as people are told. */
export type Happening = 'waiting' | 'acting' | 'noticed' | 'undo-owed' | 'escalated' | 'ended' | Execution['status']

const HEADLINES: Partial<Record<Happening, string>> = {
  waiting: 'waits for your approval',
  acting: 'is being remedied',
  noticed: 'is worth your notice',
  ended: 'is well again',
  recovered: 'recovered',
  'undo-owed': 'did not recover; the change could not be taken back yet',
  undone: 'did not recover; the change was taken back',
  escalated: 'needs a person',
  failed: 'did not recover',
  refused: 'was left alone',
}

/** A person has to do something now: told at once, never held for a group. */
const URGENT: ReadonlySet<Happening> = new Set(['waiting', 'undo-owed', 'escalated', 'failed', 'undone'])
export const isUrgent = (happening: Happening): boolean => URGENT.has(happening)

/** With what it was about, whoever takes over need not look for it. */
const TELLS_ALL: ReadonlySet<Happening> = new Set(['undo-owed', 'escalated', 'failed', 'undone'])

/** Slack shows no more of one message without a fold. */
const MOST_OF_A_MESSAGE = 3500
const MOST_LINES = 12

const cleaned = (refusal: Refusal | undefined) => refusal && { ...refusal, say: redactText(refusal.say) }

const stepLine = ({ action, object, status, refusal }: Execution['steps'][number]) =>
  `• ${mrkdwn(actionNamed(action)?.title ?? action)} (${mrkdwn(titleOf(object))}): ${status}${refusal ? `, ${mrkdwn(refusal.say)}` : ''}`

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const more = lines.length - MOST_LINES
  return [
    title,
    ...lines.slice(0, MOST_LINES).map((line) => `• ${mrkdwn(line)}`),
    ...(more > 0 ? [`• ${more} more`] : []),
  ]
}

function linesAbout(happening: Happening, execution: Execution | undefined): string[] {
  if (!execution) return []
  if (!TELLS_ALL.has(happening)) return execution.steps.slice(0, MOST_LINES).map(stepLine)
  const { tried, seen, takenBack } = storyOf(execution)
  return [...section('Tried:', tried), ...section('Seen:', seen), ...section('Taken back:', takenBack)]
}

/** Whole lines only, so that nothing of the template is cut in two. */
function fitted(lines: readonly string[]): string {
  const kept: string[] = []
  let length = 0
  for (const line of lines) {
    length += line.length + 1
    if (length > MOST_OF_A_MESSAGE) return [...kept, `… ${lines.length - kept.length} more lines`].join('\n')
    kept.push(line)
  }
  return kept.join('\n')
}

const MOST_OF_A_FIELD = 4000
const field = (text: string) => cut(redactText(text), MOST_OF_A_FIELD)

interface About {
  execution?: Execution
  /** Until when it matters. */
  untilMs?: number
  /** The step that tells it; a plan may tell several things. */
  step?: string
}

/** A message that Slack shows as it is (`text`) and that programs can read. `id` is the same when it is sent again. */
export function messageOf(plan: Plan, happening: Happening, told: string, { execution, untilMs, step }: About = {}) {
  const headline = `${mrkdwn(titleOf(plan.target))} ${HEADLINES[happening] ?? happening}`
  const about = linesAbout(happening, execution)
  const lines = [`*KubeWise*: ${headline} (${mrkdwn(plan.cause)}).`, mrkdwn(told), ...about]
  return {
    text: fitted(lines.filter((line) => line !== '')),
    id: [plan._id, happening, ...(step === undefined ? [] : [step])].join('/'),
    happening,
    cluster: plan.cluster,
    namespace: plan.target.namespace,
    target: titleOf(plan.target),
    incident: plan.incident,
    plan: plan._id,
    cause: plan.cause,
    risk: plan.risk,
    attempt: plan.attempt,
    sinceMs: plan.createdMs,
    ...(untilMs !== undefined && { untilMs }),
    reasoning: field(plan.reasoning),
    say: field(told),
    ...(execution && {
      story: storyOf(execution),
      execution: {
        status: execution.status,
        claimedMs: execution.claimedMs,
        finishedMs: execution.finishedMs,
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
export type Message = ReturnType<typeof messageOf>
