import { titleOf, type Execution, type ExecutionStep } from '@kubewise/contracts'
import { actionNamed } from '@kubewise/policy'
import { plain } from './shown.ts'

/** What a person needs who takes over: a sentence each, ready to be shown. */
export interface Story {
  /** What was done, step by step, with the fields that changed. */
  tried: string[]
  /** The verdict and what it rests on. */
  seen: string[]
  /** What of it was taken back, and what still stands and why. */
  takenBack: string[]
}

const MOST_CHANGES = 4
const MOST_OF_A_VALUE = 60

const valueOf = (value: unknown) =>
  plain(
    value === undefined || value === null ? 'not set' : typeof value === 'string' ? value : JSON.stringify(value),
    MOST_OF_A_VALUE,
  )

const isBookkeeping = (path: string) => path.includes('kubewise.io')

function changesOf({ changes }: ExecutionStep): string {
  const told = changes.filter(({ path }) => !isBookkeeping(path))
  const shown = told
    .slice(0, MOST_CHANGES)
    .map(({ path, before, after }) => `${path} ${valueOf(before)} → ${valueOf(after)}`)
  const more = told.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

const titleOfStep = ({ action, object, restOf }: ExecutionStep) =>
  `${actionNamed(action)?.title ?? action} (${titleOf(object)}${restOf === undefined ? '' : ', the rest of its pods'})`

function triedOf(step: ExecutionStep): string {
  const changes = changesOf(step)
  const why = [step.refusal?.say, step.answer && `the server said: ${step.answer}`].filter(Boolean).join('; ')
  return plain(`${titleOfStep(step)}: ${step.status}${changes && `, ${changes}`}${why && `, ${why}`}`)
}

function takenBackOf(step: ExecutionStep): string[] {
  const { undo, sentMs, restOf } = step
  // What let a rollout go on goes back with the step itself.
  if (!undo || sentMs === undefined || restOf !== undefined) return []
  const title = titleOfStep(step)
  if (undo.status === 'done') return [plain(`${title}: taken back`)]
  const isLeft = undo.how === 'none' || undo.status === 'refused' || undo.status === 'not-possible'
  return [plain(isLeft ? `${title}: stands, ${undo.say}` : `${title}: stands for now (${undo.status})`)]
}

const watchedOf = ({ canary }: ExecutionStep): string[] =>
  canary?.verdict === undefined ? [] : [plain(`canary: ${canary.verdict}, ${canary.say}`)]

/** What was tried, what was seen, what was taken back. */
export const storyOf = ({ steps, verdict }: Execution): Story => ({
  tried: steps.filter(({ status }) => status !== 'pending').map(triedOf),
  seen: [
    ...steps.flatMap(watchedOf),
    ...(verdict ? [plain(verdict.say)] : []),
    ...(verdict?.checks ?? []).map(({ name, value, say }) => plain(`${name}: ${value}, ${say}`)),
  ],
  takenBack: steps.flatMap(takenBackOf),
})
