import type { Refusal } from '@kubewise/contracts'
import type { Guard, GuardContext } from '../guard.ts'

/** Independent channels that must be read before anything is changed: the bus, the record, a file or ConfigMap, the audit. */
export const KILL_CHANNELS = 4

/** Why nothing may be written now: a channel is set, or was not read. */
export function killRefusal(kill: GuardContext['kill'], at: GuardContext['at']): Refusal | undefined {
  for (const { channel, state } of kill) {
    if (!state.isKnown)
      return { code: 'kill-switch-unreadable', say: `The kill switch cannot be read on ${channel}: ${state.why}` }
    if (state.value !== undefined)
      return { code: 'kill-switch', say: `The kill switch is set on ${channel}: ${state.value || 'no reason given'}` }
  }
  const read = new Set(kill.map(({ channel }) => channel)).size
  return at === 'execution' && read < KILL_CHANNELS
    ? { code: 'kill-switch-unreadable', say: `Only ${read} of ${KILL_CHANNELS} channels of the kill switch were read.` }
    : undefined
}

/** Refuses while any channel of the kill switch is set, or cannot be read. */
export const killSwitch: Guard = ({ kill, at }) => killRefusal(kill, at)
