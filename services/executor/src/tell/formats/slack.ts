import type { Message } from '../message.ts'
import type { Receiver } from '../receiver.ts'
import { digestOf } from './digest.ts'
import type { Post } from './format.ts'

/** An incoming webhook of Slack, Mattermost or Rocket.Chat. Nothing that a text names is looked up or called. */
export function slackPost({ url, secret }: Receiver, messages: readonly Message[]): Post {
  const body = { text: digestOf(messages), unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' }
  const headers = { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) }
  return { url, headers, body: JSON.stringify(body) }
}
