import { hashOf, type Execution, type Facts, type Incident, type Outcome, type Refusal } from '@kubewise/contracts'
import { actionNamed, type Limits } from '@kubewise/policy'
import { isAttempt, isUnderWay } from '../context/facts.ts'
import { isWholeCluster, rootCauseOf } from '../correlation/root-causes.ts'
import { FLAPPING, type Flaps } from '../incidents/flapping.ts'
import { openOwnSignals, quietSinceMs, titleOfIncident } from '../incidents/signals.ts'
import { lastSymptomMs } from '../incidents/symptoms.ts'
import { ranked, standingOfPlaybook } from '../learning/rank.ts'
import { askPlaybooks, type Asked, type Failure, type ResolvedStep } from '../playbooks/ask.ts'
import type { LoadedPlaybook } from '@kubewise/playbooks'
import { refusedBy, type Choice, type Close, type Remedy, type Wait } from './choice.ts'
import { wellness } from './wellness.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** Nothing stays open for ever: without a signal for this long, an incident is closed even if its target is not well. */
const CLOSED_AFTER_QUIET_MS = 10 * MINUTE
/** Signals that contradict a state that has been well this long are stale. */
const STALE_AFTER_WELL_MS = 10 * MINUTE
/** The end of all patience: what is still wrong then is nothing that an incident helps with. */
const LONGEST_OPEN_MS = 7 * 24 * 60 * MINUTE
/** A cause that is well is watched this long after its last symptom came. */
const ROOT_WELL_MS = 60 * SECOND
/** How long an incident that no playbook knows is watched before a person is called. */
const WATCHED_SECONDS = 60

export interface Question {
  nowMs: number
  incident: Incident
  facts: Facts
  playbooks: readonly LoadedPlaybook[]
  executions: readonly Execution[]
  /** How plans ended lately. */
  outcomes: readonly Outcome[]
  limits: Pick<Limits, 'maxAttemptsPerIncident'>
  /** Why nobody is to be told of it now; see `Muting`. */
  muted?: Refusal | undefined
  /** How often it came and went before; see `flapsOf`. */
  flaps?: Flaps | undefined
  /** Nobody has seen anything: somebody asks what would be done. That no signal goes on is then no end of what is ill. */
  isAsked?: boolean
}

export interface Decided {
  choice: Choice
  /** Playbooks that failed at run time. */
  failures: readonly Failure[]
}

const ALREADY_RECOVERED = 'already-recovered'
const RECOVERING = 'recovering'

const wait = (code: string, say: string): Wait => ({ outcome: 'wait', code, say })
const close = (code: string, say: string): Close => ({ outcome: 'close', code, say })

/** What the planner decides by its own rules, without a playbook; a hash so that a change of the rules is another decision. */
const RULES = { name: 'planner', hash: hashOf('planner-rules@1') }
const ownRule = (outcome: Remedy['outcome'], code: string, cause: string, say: string): Remedy => ({
  outcome,
  code,
  say,
  cause,
  origin: RULES,
  steps: outcome === 'escalate' ? [callAPerson()] : [],
  fallback: [],
  cites: ['target', 'pods', 'signals'],
  refused: [],
})

/** Calls a person instead of what was chosen. */
export const escalation = (code: string, cause: string, say: string, instead: Remedy): Remedy => ({
  ...ownRule('escalate', code, cause, say),
  cites: instead.cites,
  refused: instead.refused,
})

function callAPerson(): ResolvedStep {
  const action = actionNamed('escalate@1')
  if (!action) throw new Error('escalate@1: expected in the catalogue of actions')
  return { id: 'tell', action, with: {}, needs: [], timeoutSeconds: 60 }
}

/** The end of all patience, for which nothing needs to be known but the incident itself. */
export function endOfPatience(incident: Incident, nowMs: number): Close | undefined {
  if (nowMs - Math.max(incident.openedMs, lastSymptomMs(incident) ?? 0) < LONGEST_OPEN_MS) return undefined
  const days = LONGEST_OPEN_MS / (24 * 60 * MINUTE)
  const say = `${titleOfIncident(incident)} was ill for ${days} days; what is seen anew opens a new incident.`
  return close('open-too-long', say)
}

/** The incident's end, where it has come. */
function ending({ nowMs, incident, facts }: Question): Close | undefined {
  const title = titleOfIncident(incident)
  if (!facts.target.exists) return close('target-gone', `${title} does not exist any more.`)
  const tooLong = endOfPatience(incident, nowMs)
  if (tooLong) return tooLong
  const newestMs = lastSymptomMs(incident)
  // What is measured of the whole cluster ends with its own signals, as everywhere.
  const isOfStorm = newestMs !== undefined || openOwnSignals(incident).length === 0
  if (isWholeCluster(facts.target) && (facts.cluster.storm || isOfStorm))
    return facts.cluster.storm ? undefined : close('storm-over', 'It has long been no more than usual that is ill.')
  const quietMs = quietSinceMs(incident)
  // One that was opened for its symptoms alone has no signal of its own that could have ended.
  const isQuiet = quietMs !== undefined || (newestMs === undefined && facts.signals.length === 0)
  const state = wellness(facts)
  if (isQuiet && state !== 'ill')
    return close('recovered', `${title} is ${state === 'well' ? 'well' : 'quiet'}: every signal of it has ended.`)
  if (quietMs !== undefined && nowMs - quietMs >= CLOSED_AFTER_QUIET_MS)
    return close('quiet', `Nothing was heard of ${title} for ${CLOSED_AFTER_QUIET_MS / MINUTE} minutes.`)
  // What was scaled away is as it shall be, and yet answers nobody.
  const isThere = state === 'well' && !facts.target.scaledToZero
  const isWellRoot = newestMs !== undefined && isThere && openOwnSignals(incident).length === 0
  if (isWellRoot && nowMs - newestMs >= ROOT_WELL_MS)
    return close('recovered', `${title} is well; what hung on it and is still ill is looked at by itself.`)
  const { decision } = incident
  const isLongWell =
    decision !== undefined && [ALREADY_RECOVERED, RECOVERING].includes(decision.code) && state === 'well'
  const isStale = isLongWell && openOwnSignals(incident).every(({ source }) => source !== 'metric')
  return isStale && nowMs - decision.atMs >= STALE_AFTER_WELL_MS
    ? close('recovered', `${title} has been well for ${STALE_AFTER_WELL_MS / MINUTE} minutes; its signals are stale.`)
    : undefined
}

const isActive = (steps: readonly ResolvedStep[]) => steps.some(({ action }) => !action.isPassive)

/** The same steps were carried out for this incident and did not help. */
function wasTried(
  steps: readonly ResolvedStep[],
  { executions, incident }: Question,
  plans: ReadonlyMap<string, string>,
): boolean {
  const content = contentOf(steps)
  return executions.some(
    (execution) =>
      execution.incident === incident._id &&
      isAttempt(execution) &&
      execution.status !== 'recovered' &&
      plans.get(execution._id) === content,
  )
}

/** What steps do, as text that compares. */
export const contentOf = (steps: readonly { action: { name: string } | string; with: object }[]): string =>
  hashOf(
    steps.map(({ action, with: given }) => ({
      action: typeof action === 'string' ? action : action.name,
      with: given,
    })),
  )

function remedyOf(
  { answer, refused }: Asked & { answer: NonNullable<Asked['answer']> },
  demotion: Refusal | undefined,
): Remedy {
  const { playbook, steps, fallback } = answer
  const outcome = steps.length === 0 ? 'no-action' : isActive(steps) ? 'plan' : 'escalate'
  return {
    outcome,
    code: playbook.cause,
    say: playbook.summary,
    cause: playbook.cause,
    origin: { name: playbook.name, hash: playbook.hash },
    steps,
    fallback: outcome === 'plan' ? fallback : [],
    ...(outcome === 'plan' && playbook.expect && { expect: playbook.expect }),
    cites: playbook.cites,
    ...(outcome === 'plan' && demotion && { demotion }),
    refused: refusedBy(refused),
  }
}

/** What is left when no playbook applies. */
function withoutPlaybook(question: Question, refused: Asked['refused']): Choice {
  const { facts, incident } = question
  const title = titleOfIncident(incident)
  const root = rootCauseOf(facts, title)
  if (root) return ownRule('escalate', root.cause, root.cause, root.say)
  if (wellness(facts) === 'well') {
    const say = `${title} is well by its state, whatever its signals still say.`
    const wasActedUpon = question.executions.some(isAttempt)
    return wasActedUpon ? wait(RECOVERING, say) : ownRule('no-action', ALREADY_RECOVERED, ALREADY_RECOVERED, say)
  }
  if (facts.now.openSeconds < WATCHED_SECONDS)
    return wait('watching', `No playbook knows a remedy for ${title} yet; it is watched for ${WATCHED_SECONDS} s.`)
  const first = refused[0]
  if (first)
    return {
      ...ownRule('escalate', first.refusal.code, first.playbook.cause, first.refusal.say),
      refused: refusedBy(refused),
      cites: first.playbook.cites,
    }
  return ownRule('escalate', 'no-remedy', 'unknown', `No playbook knows a remedy for ${title}.`)
}

/** A remedy that acts, or a call for a person where enough was tried, or this very thing. */
export function unlessTried(remedy: Remedy, question: Question, tried: ReadonlyMap<string, string>): Remedy {
  const { facts, incident, limits } = question
  const title = titleOfIncident(incident)
  if (facts.attempts.count >= limits.maxAttemptsPerIncident) {
    const say = `${title} was tried ${facts.attempts.count} times without success; a person is needed.`
    return ownRule('escalate', 'attempts-exhausted', remedy.cause, say)
  }
  if (wasTried(remedy.steps, question, tried)) {
    const say = `What ${remedy.origin.name} would do for ${title} was done already and did not help.`
    return ownRule('escalate', 'already-tried', remedy.cause, say)
  }
  return remedy
}

/** Where another owns the target, a person is told what would be done if nobody did. */
function withWish(remedy: Remedy, question: Question, tried: ReadonlyMap<string, string>): Remedy {
  const { facts } = question
  if (facts.target.ownedBy === '' || remedy.outcome !== 'escalate') return remedy
  const { choice } = chosen({ ...question, facts: { ...facts, target: { ...facts.target, ownedBy: '' } } }, tried)
  return choice.outcome === 'plan' ? { ...remedy, wish: choice.steps } : remedy
}

/** What comes and goes is told once and left alone: to act on it again is what keeps it going, or hides what it is. */
function damped(choice: Choice, flaps: Flaps | undefined, title: string): Choice {
  const isLoud = choice.outcome === 'plan' || choice.outcome === 'escalate'
  if (!flaps || !isLoud) return choice
  const say = `${title} came and went ${flaps.count} times since ${new Date(flaps.sinceMs).toISOString()}.`
  return flaps.isTold
    ? wait(FLAPPING, say)
    : { ...escalation(FLAPPING, choice.cause, say, choice), refused: choice.refused }
}

/**
 * Decides what is to be done about an incident, from facts alone: the same facts give the same decision.
 *
 * @param tried content of the steps of this incident's plans, by plan id; see `contentOf`
 */
export function decide(question: Question, tried: ReadonlyMap<string, string>): Decided {
  const { incident, executions } = question
  const over = question.isAsked === true && wellness(question.facts) === 'ill' ? undefined : ending(question)
  const underWay = executions.find(isUnderWay)
  if (underWay)
    return { choice: wait('execution-under-way', `The plan ${underWay._id} is being carried out.`), failures: [] }
  if (over) return { choice: over, failures: [] }
  if (question.muted) return { choice: wait('silenced', question.muted.say), failures: [] }
  const { choice, failures } = chosen(question, tried)
  return { choice: damped(choice, question.flaps, titleOfIncident(incident)), failures }
}

/** In a storm nothing is changed; what would be is decided anew once it is over. */
function frozen(choice: Choice): Choice {
  return choice.outcome === 'plan'
    ? wait('storm', `Too much fell ill at once, so this is not done yet: ${choice.say}`)
    : choice
}

function chosen(question: Question, tried: ReadonlyMap<string, string>): Decided {
  const { cluster } = question.facts
  if (!cluster.storm) return chosenCalmly(question, tried)
  const calm = { ...question, facts: { ...question.facts, cluster: { ...cluster, storm: false } } }
  const { choice, failures } = chosenCalmly(calm, tried)
  return { choice: frozen(choice), failures }
}

function chosenCalmly(question: Question, tried: ReadonlyMap<string, string>): Decided {
  const { facts, outcomes, nowMs } = question
  const asked = askPlaybooks(ranked(question.playbooks, facts.target.kind, outcomes, nowMs), facts)
  const { answer, failures } = asked
  if (!answer) return { choice: withoutPlaybook(question, asked.refused), failures }
  const standing = standingOfPlaybook(answer.playbook, facts.target.kind, outcomes, nowMs)
  const remedy = remedyOf({ ...asked, answer }, standing?.demotion)
  if (remedy.outcome !== 'plan') return { choice: withWish(remedy, question, tried), failures }
  return { choice: unlessTried(remedy, question, tried), failures }
}
