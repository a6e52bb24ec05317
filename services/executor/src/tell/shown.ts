import { redactText } from '@kubewise/service'

/** Of one text from the cluster or a person, in characters. */
export const MOST_OF_A_TEXT = 600

// Controls, line and paragraph separators, what turns the direction of writing, and what cannot be seen.
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const ZERO_WIDTH_SPACE = '\u200b'

/** At most so many characters, never half of one. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 2)) ? most - 2 : most - 1
  return `${text.slice(0, end)}…`
}

/** A text of others as one line that can be shown: without secrets, without what acts on a display, not longer than it may be. */
export const plain = (text: string, most = MOST_OF_A_TEXT): string =>
  cut(redactText(text).toWellFormed().replace(/\s+/g, ' ').replace(UNSEEN, '').trim(), most)

/**
 * The same for Slack and what takes its messages: `<!channel>`, `<@U1>` and `<http://a|b>` lose their meaning, `@here` and
 * Markdown's links too, which Mattermost and Rocket.Chat obey; and nothing is bold or code that the template did not make so.
 *
 * @see Slack: Formatting text for app surfaces, "Escaping text"
 */
export const mrkdwn = (text: string, most = MOST_OF_A_TEXT): string =>
  plain(text, most)
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? character)
    .replace(/@(?=\S)/g, `@${ZERO_WIDTH_SPACE}`)
    .replaceAll('](', `]${ZERO_WIDTH_SPACE}(`)
    .replaceAll('`', '‘')
    .replace(/[*~]/g, (character) => `${ZERO_WIDTH_SPACE}${character}${ZERO_WIDTH_SPACE}`)
