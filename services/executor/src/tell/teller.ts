import type { Execution, Plan } from '@kubewise/contracts'
import { apiVersionOf, type EventRecorder, type Note } from '@kubewise/kube'
import { redactText } from '@kubewise/service'
import { resourceOfKind } from '../context/workload.ts'
import { messageOf, type Happening } from './message.ts'
import type { Outlet } from './outlet.ts'

/**
 * Tells people. Never throws and never makes the work wait. What a receiver does not take is logged, counted, and told
 * again: a plan that waits whenever it is looked at again, an end from the record (`retell`). That something begins is not:
 * its end will be told.
 */
export interface Teller {
  /**
   * @param options.mayNote whether an Event may be written: not where nothing at all may be
   * @param options.to names of the receivers; all unless told
   * @param options.untilMs until when it matters, where that is known
   * @param options.step the step that tells it, where it is not the plan as a whole
   */
  tell(
    plan: Plan,
    happening: Happening,
    say: string,
    options: { execution?: Execution; mayNote: boolean; to?: readonly string[]; untilMs?: number; step?: string },
  ): void
  /** Waits for what is under way. */
  drain(): Promise<void>
  stop(): void
}

export interface TellerPorts {
  events: EventRecorder
  outlets: readonly Outlet[]
  /** This receiver has the message about this execution's end, or about the undo that it owes. */
  onEndTold(plan: string, status: Execution['status'], receiver: string): Promise<unknown>
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
    note: `${redactText(say)} (${plan.cause}, plan ${plan._id})`,
  }
}

/** Whether the record says that this receiver has still to be told; one without names owes it to all. */
export const isOwedTo = ({ isUntold = false, untold }: Execution, receiver: string): boolean =>
  isUntold && (untold?.includes(receiver) ?? true)

export function createTeller({ events, outlets, onEndTold }: TellerPorts): Teller {
  const told = new Set<string>()
  const writing = new Set<Promise<unknown>>()

  function isFirst(id: string): boolean {
    if (told.has(id)) return false
    told.add(id)
    if (told.size > MAX_REMEMBERED) told.delete(told.values().next().value ?? id)
    return true
  }

  function write(note: Note): void {
    const written = events.record(note).finally(() => writing.delete(written))
    writing.add(written)
  }

  return {
    tell(plan, happening, say, { mayNote, to, ...about }) {
      const { execution } = about
      const message = messageOf(plan, happening, say, about)
      const note = isFirst(message.id) && mayNote ? noteOf(plan, happening, say) : undefined
      if (note) write(note)
      for (const outlet of outlets) {
        if (to && !to.includes(outlet.name)) continue
        const status = execution && isOwedTo(execution, outlet.name) ? execution.status : undefined
        outlet.push(message, async () => (status ? onEndTold(plan._id, status, outlet.name) : undefined))
      }
    },
    async drain() {
      await Promise.allSettled([...writing, ...outlets.map((outlet) => outlet.drain())])
    },
    stop() {
      for (const outlet of outlets) outlet.stop()
    },
  }
}
