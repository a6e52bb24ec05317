import { decodePlaybook, type Playbook, type PlaybookStep } from '@kubewise/contracts'
import { parse } from 'yaml'
import type { PlaybookText } from './library.ts'

const DEFAULT_ORDER = 100

function playbookOf({ file, text }: PlaybookText): Playbook {
  const decoded = decodePlaybook(parse(text))
  if (!decoded.ok) throw new Error(`${file}: ${decoded.errors.join('; ')}`)
  return decoded.value
}

const orderOf = ({ spec }: Playbook) => spec.order ?? DEFAULT_ORDER
const byOrder = (a: Playbook, b: Playbook) => orderOf(a) - orderOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1)

function stepOf({ action, with: given = {}, when }: PlaybookStep): string {
  const values = Object.entries(given).map(
    ([name, value]) => `${name}: ${typeof value === 'object' ? value.fact : value}`,
  )
  const condition = when === undefined ? '' : ` if \`${when.trim()}\``
  return `\`${action}\`${values.length > 0 ? ` (${values.join(', ')})` : ''}${condition}`
}

const expression = (text: string) => ['```cel', text.trim(), '```']

function sectionOf({ metadata, spec }: Playbook): string {
  const { summary, cause, when, not = [], steps = [], expect, fallback = [] } = spec
  const refusals = not.flatMap(({ code, say, when }) => [
    `- \`${code}\`: ${say}`,
    '',
    ...expression(when).map((line) => `  ${line}`),
  ])
  return [
    `## ${metadata.name}`,
    '',
    summary,
    '',
    `- **Cause**: \`${cause}\``,
    `- **Asked**: ${orderOf({ metadata, spec } as Playbook)}`,
    `- **Does**: ${steps.length > 0 ? steps.map(stepOf).join(', then ') : 'nothing'}`,
    ...(expect ? [`- **Expects** within ${expect.withinSeconds} s: ${expect.holds.join(', ')}`] : []),
    ...(fallback.length > 0 ? [`- **Else**: ${fallback.map(stepOf).join(', then ')}`] : []),
    '',
    'Applies when',
    '',
    ...expression(when),
    ...(refusals.length > 0 ? ['', 'Not when', '', ...refusals] : []),
  ].join('\n')
}

/** Playbooks as a page for people, in Markdown, in the order in which they are asked. @throws Error for one that is wrong */
export function playbooksPage(texts: readonly PlaybookText[]): string {
  const playbooks = texts.map(playbookOf).sort(byOrder)
  const head =
    '# Playbooks\n\nThe first that applies decides; those of a lower number are asked first. Written from `services/planner/playbooks`.'
  return `${[head, ...playbooks.map(sectionOf)].join('\n\n')}\n`
}
