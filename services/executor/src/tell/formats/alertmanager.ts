import type { Happening, Message } from '../message.ts'
import type { Receiver } from '../receiver.ts'
import { plain } from '../shown.ts'
import type { Post } from './format.ts'

const HOUR = 3_600_000
/** How long an alert stands that is left to a person, and that nobody ends. */
export const STANDS_MS = 24 * HOUR
const LEFT_TO_A_PERSON: ReadonlySet<Happening> = new Set(['undo-owed', 'undone', 'failed', 'escalated'])

interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: string
  endsAt: string
}

const timeOf = (ms: number) => new Date(ms).toISOString()

/** When it ends: at once what recovered, when it is told so what waits or is over, all else after a while. */
function endsMs({ happening, untilMs, sinceMs, execution }: Message): number {
  if (untilMs !== undefined) return untilMs
  const atMs = execution?.finishedMs ?? execution?.claimedMs ?? sinceMs
  if (happening === 'recovered') return atMs
  return atMs + (LEFT_TO_A_PERSON.has(happening) ? STANDS_MS : HOUR)
}

// The labels are the alert's identity: the same from the first message of an incident to its end.
function alertOf(message: Message, labels: Readonly<Record<string, string>>): Alert {
  const { cluster, namespace, target, incident, sinceMs, story } = message
  return {
    labels: {
      ...labels,
      alertname: 'KubeWiseRemediation',
      cluster: plain(cluster),
      ...(namespace && { namespace: plain(namespace) }),
      target: plain(target),
      incident,
    },
    annotations: {
      summary: plain(`${target} ${message.happening} (${message.cause})`),
      description: plain(message.say),
      happening: message.happening,
      plan: message.plan,
      cause: plain(message.cause),
      risk: message.risk,
      ...(story && {
        tried: plain(story.tried.join('; ')),
        seen: plain(story.seen.join('; ')),
        taken_back: plain(story.takenBack.join('; ')),
      }),
    },
    startsAt: timeOf(sinceMs),
    endsAt: timeOf(Math.max(sinceMs, endsMs(message))),
  }
}

/** Alertmanager's API v2: the last word on each incident as an alert. */
export function alertmanagerPost({ url, secret, labels = {} }: Receiver, messages: readonly Message[]): Post {
  const last = new Map(messages.map((message) => [message.incident, message]))
  const body = JSON.stringify([...last.values()].map((message) => alertOf(message, labels)))
  const headers = { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) }
  return { url: `${url.replace(/\/+$/, '')}/api/v2/alerts`, headers, body }
}
