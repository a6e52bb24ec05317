import type { Execution, Plan } from '@kubewise/contracts'
import { apiVersionOf, type EventRecorder, type Note } from '@kubewise/kube'
import type { Clock, Logger, Metrics } from '@kubewise/service'
import { resourceOfKind } from '../context/workload.ts'
import { messageOf, type Happening } from './message.ts'
import { sendToWebhook, type Webhook } from './webhook.ts'

/** Tells people. Never throws and never makes the work wait: what cannot be told is logged and counted. */
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
}

const MAX_REMEMBERED = 10_000

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
    note: `${say} (${plan.cause}, plan ${plan._id})`,
  }
}

export function createTeller({ clock, log, metrics, signal, events, webhook }: TellerPorts): Teller {
  const told = new Set<string>()
  const sending = new Set<Promise<void>>()
  const sent = metrics.counter('kubewise_notifications_total', 'Messages to the webhook, by outcome.', {
    outcome: ['sent', 'failed'],
  })

  function isRepeat(id: string): boolean {
    if (told.has(id)) return true
    told.add(id)
    if (told.size > MAX_REMEMBERED) told.delete(told.values().next().value ?? id)
    return false
  }

  async function send(to: Webhook, message: ReturnType<typeof messageOf>): Promise<void> {
    try {
      await sendToWebhook(to, message, clock, signal)
      sent.inc({ outcome: 'sent' })
    } catch (error) {
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
      if (isRepeat(message.id)) return
      if (webhook) track(send(webhook, message))
      const note = mayNote ? noteOf(plan, happening, say) : undefined
      if (note) track(events.record(note))
    },
    async drain() {
      await Promise.allSettled(sending)
    },
  }
}
