import type { ActionSpec, Permission } from './action.ts'

const rightOf = ({ group, resource, subresource, verb }: Permission) =>
  `${verb} ${[resource, subresource].filter(Boolean).join('/')}${group === '' ? '' : `.${group}`}`

interface Member {
  type?: string
  minimum?: number
  maximum?: number
  pattern?: string
}

function boundsOf({ minimum, maximum, pattern }: Member): string {
  if (pattern !== undefined) return `, as \`${pattern.replaceAll('|', '\\|')}\``
  return minimum === undefined ? '' : `, ${minimum} to ${maximum ?? '…'}`
}

function parametersOf({ parameters }: ActionSpec): string[] {
  const { properties = {}, required = [] } = parameters as {
    properties?: Record<string, Member>
    required?: string[]
  }
  return Object.entries(properties).map(
    ([name, member]) =>
      `  - \`${name}\`: ${member.type ?? 'value'}${boundsOf(member)}${required.includes(name) ? '' : ', may be absent'}`,
  )
}

function sectionOf(action: ActionSpec): string {
  const { name, title, kinds, risk, isPassive, useWhen, notWhen, requires, doneWhen, undo } = action
  const rights = [...new Set(kinds.flatMap((kind) => action.needs(kind).map(rightOf)))].sort()
  const given = parametersOf(action)
  return [
    `## ${name}`,
    '',
    `${title}.`,
    '',
    `- **Acts on**: ${kinds.join(', ') || 'nothing; it only tells'}`,
    ...(isPassive ? [] : [`- **Risk**: ${risk}`]),
    `- **Use it when**: ${useWhen}`,
    `- **Not when**: ${notWhen}`,
    `- **Requires**: ${requires}`,
    `- **Done when**: ${doneWhen}`,
    `- **Undo**: ${undo.how === 'restore' ? 'brings back what was there before' : undo.say}`,
    ...(rights.length > 0 ? [`- **Needs**: ${rights.map((right) => `\`${right}\``).join(', ')}`] : []),
    ...(given.length > 0 ? ['- **Parameters**:', ...given] : []),
  ].join('\n')
}

/** The catalogue of actions as a page for people, in Markdown. */
export function actionsPage(actions: readonly ActionSpec[]): string {
  const head =
    '# Actions\n\nAll that KubeWise can do to a cluster. Written from the catalogue in `libs/policy/src/actions`.'
  return `${[head, ...actions.map(sectionOf)].join('\n\n')}\n`
}
