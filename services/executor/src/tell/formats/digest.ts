import type { Message } from '../message.ts'

const MOST_LINES = 20
const MOST_WHOLE = 3

const headOf = ({ text }: Message) => text.split('\n', 1)[0] ?? ''

/** One text for several messages: few are told whole, of many the first line each. The text of a message is escaped already. */
export function digestOf(messages: readonly Message[]): string {
  if (messages.length <= MOST_WHOLE) return messages.map(({ text }) => text).join('\n\n')
  const more = messages.length - MOST_LINES
  const lines = messages.slice(0, MOST_LINES).map((message) => `• ${headOf(message)}`)
  return [`*KubeWise*: ${messages.length} messages`, ...lines, ...(more > 0 ? [`• ${more} more`] : [])].join('\n')
}
