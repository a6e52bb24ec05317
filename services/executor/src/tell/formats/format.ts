import type { Message } from '../message.ts'
import type { Receiver } from '../receiver.ts'
import { alertmanagerPost } from './alertmanager.ts'
import { slackPost } from './slack.ts'
import { webhookPost } from './webhook.ts'

/** What is posted, and where. */
export interface Post {
  url: string
  headers: Record<string, string>
  body: string
}

/** Several messages as their receiver understands them; one text where it shows one. `messages` is not empty. */
export function postOf(receiver: Receiver, messages: readonly Message[]): Post {
  switch (receiver.kind) {
    case 'slack':
      return slackPost(receiver, messages)
    case 'webhook':
      return webhookPost(receiver, messages)
    case 'alertmanager':
      return alertmanagerPost(receiver, messages)
  }
}
