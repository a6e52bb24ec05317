import type { Execution, Plan } from '@kubewise/contracts'
import { apiVersionOf, type EventRecorder, type Note } from '@kubewise/kube'
import { redactText, type Clock, type Logger, type Metrics } from '@kubewise/service'
import { resourceOfKind } from '../context/workload.ts'
import { messageOf, type Happening } from './message.ts'
import { sendToWebhook, type Webhook } from './webhook.ts'

/**
 * Tells people. Never throws and never makes the work wait. What the webhook does not take is logged, counted, and told
 * again: a plan that waits whenever it is looked at again, an end from the record (`retell`). That something begins is not:
 * its end will be told.
 */
export interface Teller {
  /** @param mayNote whether an Event may be written: not where nothing at all may be */
  tell(plan: Plan, happening: Happening, say: string, options: { execution?: Execution; mayNote: boolean }): void
  /** Waits for what is under way. */
  drain(): Promise<void>
}

export interface TellerPorts {
  clock: Clock
  log: Logger
  metrics: Metrics
  signal: AbortSignal
  events: EventRecorder
  webhook: Webhook | undefined
  /** The webhook has taken the message about this execution's end. */
  onEndTold(plan: string): Promise<unknown>
}

const MAX_REMEMBERED = 10_000
/** A message that was not taken is tried again after so long. */
export const RETELL_MS = 60_000

const EVENTS: Partial<Record<Happening, { type: Note['type']; reason: string }>> = {
  recovered: { type: 'Normal', reason: 'Remediated' },
  undone: { type: 'Warning', reason: 'RemediationReverted' },
  failed: { type: 'Warning', reason: 'RemediationFailed' },
  escalated: { type: 'Warning', reason: 'RemediationFailed' },
  refused: { type: 'Normal', reason: 'RemediationSkipped' },
}

const camel = (action: string) =>
  action.replace(/@.*/, '').replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())

function noteOf(plan: Plan, happening: Happening, say: string): Note | undefined {
  const event = EVENTS[happening]
  const { kind, namespace, name, uid } = plan.target
  const resource = resourceOfKind(kind)
  if (!event || !resource) return undefined
  return {
    ...event,
    regarding: { apiVersion: apiVersionOf(resource), kind, name, namespace, ...(uid && { uid }) },
    action: camel(plan.steps[0]?.action ?? 'none@1'),
    note: `${redactText(say)} (${plan.cause}, plan ${plan._id})`,
  }
}

export function createTeller({ clock, log, metrics, signal, events, webhook, onEndTold }: TellerPorts): Teller {
  /** What was told or is being told, and what was not taken: when it may be told again. */
  const told = new Map<string, 'told' | 'under-way' | { againMs: number }>()
  const sending = new Set<Promise<void>>()
  const sent = metrics.counter('kubewise_notifications_total', 'Messages to the webhook, by outcome.', {
    outcome: ['sent', 'failed'],
  })

  function remember(id: string, state: 'told' | 'under-way' | { againMs: number }): void {
    told.set(id, state)
    if (told.size > MAX_REMEMBERED) told.delete(told.keys().next().value ?? id)
  }

  async function noteEnd(execution: Execution | undefined): Promise<void> {
    if (!execution?.isUntold) return
    await onEndTold(execution._id).catch((error: unknown) =>
      log.warn({ err: error, plan: execution._id }, 'not noted that its end was told; it may be told twice'),
    )
  }

  async function send(to: Webhook, message: ReturnType<typeof messageOf>, execution?: Execution): Promise<void> {
    try {
      await sendToWebhook(to, message, clock, signal)
      sent.inc({ outcome: 'sent' })
      remember(message.id, 'told')
      await noteEnd(execution)
    } catch (error) {
      remember(message.id, { againMs: clock.now() + RETELL_MS })
      sent.inc({ outcome: 'failed' })
      log.warn({ err: error, plan: message.plan, happening: message.happening }, 'notification not sent')
    }
  }

  function track(task: Promise<unknown>): void {
    const tracked = task.then(() => undefined)
    sending.add(tracked)
    void tracked.finally(() => sending.delete(tracked))
  }

  return {
    tell(plan, happening, say, { execution, mayNote }) {
      const message = messageOf(plan, happening, say, execution)
      const state = told.get(message.id)
      if (state === 'told') return track(noteEnd(execution))
      if (state === 'under-way' || (state && state.againMs > clock.now())) return
      remember(message.id, webhook ? 'under-way' : 'told')
      if (webhook) track(send(webhook, message, execution))
      const note = mayNote && !state ? noteOf(plan, happening, say) : undefined
      if (note) track(events.record(note))
    },
    async drain() {
      await Promise.allSettled(sending)
    },
  }
}
