import type { Bus } from '@kubewise/bus'
import {
  COLLECTIONS,
  hintOf,
  subjects,
  type Decision,
  type Facts,
  type Incident,
  type Plan,
  type Refusal,
} from '@kubewise/contracts'
import { isPassivePlan, wishesOf } from '@kubewise/policy'
import { explain, type Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { createCoalescingQueue } from './coalescing-queue.ts'
import type { Situation } from './candidates/candidates.ts'
import type { Context } from './context/context.ts'
import { factsOf } from './context/facts.ts'
import type { Gather } from './context/gather.ts'
import type { Correlator } from './correlation/correlator.ts'
import type { Choice, Close } from './decisions/choice.ts'
import { contentOf, decide, endOfPatience, unlessTried, type Question } from './decisions/decide.ts'
import { readGround, type Ground, type GroundPorts, type Installation } from './decisions/early-refusals.ts'
import { resolve, type Resolved } from './decisions/resolve.ts'
import { isUnreadForLong, unreadCall, unreadWait } from './decisions/unread.ts'
import type { EvaluationPorts } from './evaluation/evaluate.ts'
import type { Figures } from './figures.ts'
import type { Consultant } from './llm/consultant.ts'
import { modelChoice, type TextSetting } from './llm/model-choice.ts'
import type { Change, IncidentBook } from './incidents/book.ts'
import { flapsOf, FLAPS_WITHIN_MS } from './incidents/flapping.ts'
import type { Cause } from './incidents/merge.ts'
import type { Muting } from './incidents/muting.ts'
import { publishIncident } from './incidents/notices.ts'
import { hasSignal, openSignals } from './incidents/signals.ts'
import type { LoadedPlaybook } from '@kubewise/playbooks'

export interface DeciderPorts extends Pick<Kit, 'clock' | 'log' | 'crashpoint' | 'signal'>, GroundPorts {
  bus: Pick<Bus, 'publish'>
  store: Store
  evaluation: EvaluationPorts
  book: IncidentBook
  gather: Gather
  figures: Figures
  /** A model to ask where no playbook applies; absent where none is set. */
  consultant?: Consultant | undefined
  textForModel?: TextSetting
  correlator: Correlator
  muting: Pick<Muting, 'muting'>
  /** Is more coming in than can be taken in at once? Decisions then give way: what is not on record cannot be decided. */
  isPressed: () => boolean
}

/** Decides open incidents, each by itself, again and again. */
export interface Decider {
  /** Decides an incident as soon as there is a hand free; asked twice while it waits is asked once. */
  soon(incident: string): void
  idle(): Promise<void>
}

const DECISIONS_AT_ONCE = 8
/** A context that could not be read is asked for again sooner than the sweep comes by. */
const RETRY_MS = 2_000

type Decided = Extract<Resolved, { outcome: 'decided' }>

/** An annotation of the target or its namespace may ask for quiet. */
function silencedBy({ target, namespace, nowMs }: Context): Refusal | undefined {
  const { silencedUntilMs = 0 } = wishesOf([target, namespace], nowMs)
  const say = `An annotation silences it until ${new Date(silencedUntilMs).toISOString()}.`
  return silencedUntilMs > nowMs ? { code: 'silenced', say } : undefined
}

function withMuting(incident: Incident, muted: Refusal | undefined, nowMs: number): Incident {
  const { silenced, ...loud } = incident
  if (incident.status !== 'open' || (silenced?.code === muted?.code && silenced?.say === muted?.say)) return incident
  return { ...loud, ...(muted && { silenced: muted }), updatedMs: nowMs }
}

const isSame = (before: Decision | undefined, after: Decision) =>
  before?.hash === after.hash && before.plan === after.plan && before.outcome === after.outcome

/** The newest plan stands last: an older decision that holds again takes its place anew. */
const withPlan = (plans: readonly string[], plan: string | undefined) =>
  plan === undefined ? [...plans] : [...plans.filter((each) => each !== plan), plan]

export function createDecider(
  ports: DeciderPorts,
  playbooks: readonly LoadedPlaybook[],
  installation: Installation,
): Decider {
  const { clock, log, figures, book, store, bus, crashpoint, correlator, muting } = ports
  const plans = store.collection(COLLECTIONS.plans)

  async function notify(change: Change | undefined): Promise<void> {
    if (!change || change.change === 'none') return
    if (change.change === 'resolved') figures.open.delete(change.incident._id)
    await publishIncident(bus, change.incident, change.change)
  }

  async function closeIncident(incident: Incident, { code, say }: Close): Promise<void> {
    const nowMs = clock.now()
    const change = await book.change(incident._id, (latest) => {
      // A signal that came while we looked is not among those that were judged.
      const isUnseen = openSignals(latest).some(({ anomaly }) => !hasSignal(incident, anomaly))
      if (latest.status !== 'open' || isUnseen) return latest
      return { ...latest, status: 'resolved', resolvedMs: nowMs, updatedMs: nowMs, resolution: { code, say } }
    })
    if (change?.change !== 'resolved') return
    crashpoint('planner:incident-resolved')
    log.info({ incident: incident._id, code, say }, 'resolved')
    await notify(change)
  }

  async function publishHint(plan: Omit<Plan, 'version'>): Promise<void> {
    await bus.publish(subjects.plan(plan.target), hintOf(plan))
    crashpoint('planner:hint-published')
  }

  /** A hint may have been lost on its way, or the executor have been away: nobody has taken this plan up yet. */
  function isForgotten(plan: Omit<Plan, 'version'>, { executions, nowMs }: Context): boolean {
    return nowMs < plan.notAfterMs && plan.steps.length > 0 && !executions.some(({ _id }) => _id === plan._id)
  }

  async function keep(incident: Incident, facts: Facts, context: Context, decided: Decided): Promise<void> {
    const { decision, plan, isNewPlan, cause } = decided
    if (plan && isNewPlan && (await plans.insert(plan)) === 'inserted') {
      const provider = plan.origin.kind === 'llm' ? 'llm' : 'playbook'
      figures.plans.inc({ provider, outcome: decision.outcome })
      crashpoint('planner:plan-inserted')
    }
    const change = await book.change(incident._id, (latest) => {
      const isKnown = isSame(latest.decision, decision) && latest.attempts === facts.attempts.count
      if (latest.status !== 'open' || isKnown) return latest
      const sinceMs = isSame(latest.decision, decision) ? latest.decision?.atMs : undefined
      return {
        ...latest,
        ...(cause !== undefined && { cause }),
        attempts: facts.attempts.count,
        plans: withPlan(latest.plans, decision.plan),
        decision: { ...decision, atMs: sinceMs ?? decision.atMs },
        updatedMs: clock.now(),
      }
    })
    const isNews = change !== undefined && change.change !== 'none'
    if (isNews) crashpoint('planner:incident-decided')
    if (plan && (isNews || isForgotten(plan, context))) await publishHint(plan)
    if (!isNews) return
    const { outcome, code, say } = decision
    log.info(
      { incident: incident._id, outcome, code, say, plan: decision.plan, isToldOnly: plan && isPassivePlan(plan) },
      'decided',
    )
    await notify(change)
  }

  /** The context, or the wait that stands for it: nothing is decided on a part. */
  async function look(incident: Incident): Promise<{ context: Context; ground: Ground } | Decision> {
    try {
      const [context, ground] = await Promise.all([
        ports.gather(incident, ports.signal),
        readGround(ports, installation),
      ])
      return { context, ground }
    } catch (error) {
      ports.signal.throwIfAborted()
      return unreadWait(explain(error), clock.now())
    }
  }

  /** Until it can be read; when that takes long, people are told, since nobody else will do anything. */
  async function waitForContext(incident: Incident, wait: Decision): Promise<void> {
    const isTold = incident.silenced === undefined && isUnreadForLong(incident, wait.atMs)
    const call = isTold ? unreadCall(incident, wait) : undefined
    const decision = call?.decision ?? wait
    figures.decisions.inc({ outcome: decision.outcome })
    if (call && (await plans.insert(call.plan)) === 'inserted') crashpoint('planner:plan-inserted')
    clock.sleep(RETRY_MS, ports.signal).then(
      () => queue.add(incident._id),
      () => undefined,
    )
    const change = await book.change(incident._id, (latest) =>
      latest.status !== 'open' || isSame(latest.decision, decision)
        ? latest
        : { ...latest, plans: withPlan(latest.plans, decision.plan), decision, updatedMs: decision.atMs },
    )
    const isNews = change !== undefined && change.change !== 'none'
    if (isNews) log.warn({ incident: incident._id, code: decision.code, say: decision.say }, 'decided')
    if (isNews && call) await publishHint(call.plan)
    await notify(change)
  }

  /** What the playbooks chose, or a model where they know nothing. What goes wrong there leaves the choice as it was. */
  async function consulted(choice: Choice, question: Question & Situation, tried: ReadonlyMap<string, string>) {
    if (!ports.consultant) return choice
    try {
      const asked = await modelChoice(choice, question, ports.consultant, ports.textForModel ?? 'off')
      return asked.outcome === 'plan' && asked !== choice ? unlessTried(asked, question, tried) : asked
    } catch (error) {
      log.error({ err: error, incident: question.incident._id }, 'no model was asked')
      return choice
    }
  }

  /** Closes it as a part of its cause's, which is decided instead. */
  async function merge(incident: Incident, cause: Cause | undefined): Promise<boolean> {
    const merged = cause && (await book.merge(incident._id, cause))
    if (!merged) return false
    figures.merged.inc({ relation: cause.relation })
    const root = merged.root.incident
    log.info({ incident: incident._id, root: root._id, relation: cause.relation, say: cause.say }, 'merged')
    if (root.status === 'open') figures.open.add(root._id)
    await notify(merged.symptom)
    await notify(merged.root)
    queue.add(root._id)
    return true
  }

  async function mute(incident: Incident, muted: Refusal | undefined): Promise<void> {
    await notify(await book.change(incident._id, (latest) => withMuting(latest, muted, clock.now())))
  }

  /** What can never be decided does not stay open for ever either. */
  async function giveUp(incident: Incident): Promise<boolean> {
    const end = endOfPatience(incident, clock.now())
    if (end) await closeIncident(incident, end)
    return end !== undefined
  }

  async function decideOne(incident: Incident): Promise<void> {
    if (await merge(incident, await correlator.stormOf(incident))) return
    const seen = await look(incident)
    if ('outcome' in seen) return (await giveUp(incident)) ? undefined : waitForContext(incident, seen)
    const { context, ground } = seen
    const facts = await correlator.complete(factsOf(context, ground.limits), incident)
    if (await merge(incident, await correlator.causeOf(context, facts))) return
    const muted = (await muting.muting(incident)) ?? silencedBy(context)
    await mute(incident, muted)
    const lately = await book.lately(incident.target, incident.openedMs - FLAPS_WITHIN_MS)
    const flaps = flapsOf(incident, lately, clock.now())
    const tried = new Map(context.plans.map(({ _id, steps }) => [_id, contentOf(steps)]))
    const question = { ...context, facts, playbooks, limits: ground.limits, muted, flaps }
    const { choice: own, failures } = decide(question, tried)
    const choice = await consulted(own, { ...question, context, ground, installation }, tried)
    for (const { playbook, say } of failures) {
      figures.playbookFailures.inc({ playbook })
      log.debug({ playbook, say, incident: incident._id }, 'playbook failed')
    }
    figures.decisions.inc({ outcome: choice.outcome })
    const resolved = await resolve(ports, context, facts, choice, ground, installation, ports.signal)
    return resolved.outcome === 'close'
      ? closeIncident(incident, resolved.choice)
      : keep(incident, facts, context, resolved)
  }

  const queue = createCoalescingQueue(
    () => (ports.isPressed() ? 1 : DECISIONS_AT_ONCE),
    async (id) => {
      const startedMs = clock.monotonic()
      try {
        const incident = await book.get(id)
        if (incident?.status !== 'open' || ports.signal.aborted) return
        await decideOne(incident).catch(async (error: unknown) => {
          if (!ports.signal.aborted) await giveUp(incident)
          throw error
        })
        figures.decisionSeconds.observe((clock.monotonic() - startedMs) / 1000)
      } catch (error) {
        if (!ports.signal.aborted)
          log.error({ err: error, incident: id }, 'not decided, trying again at the next sweep')
      }
    },
  )

  return { soon: (incident) => queue.add(incident), idle: () => queue.idle() }
}
