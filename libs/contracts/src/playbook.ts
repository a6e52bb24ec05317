import { Type, type Static } from 'typebox'
import { PlaybookStep, VERIFICATIONS } from './action.ts'
import { decoderOf } from './decode.ts'
import { oneOf, optional, strict, Text } from './schema.ts'

export const Expectation = strict({
  withinSeconds: Type.Number({ exclusiveMinimum: 0, maximum: 7200 }),
  holds: Type.Array(oneOf(VERIFICATIONS), { minItems: 1 }),
})
export type Expectation = Static<typeof Expectation>

/** A remedy for one cause, in Kubernetes' own form; conditions are CEL over the facts of the incident (see `Facts`). */
export const Playbook = strict({
  apiVersion: Type.Literal('kubewise.io/v1'),
  kind: Type.Literal('Playbook'),
  metadata: strict({ name: Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' }) }),
  spec: strict({
    summary: Text,
    cause: Text,
    /** Playbooks are asked in this order, lowest first; 100 where absent. */
    order: optional(Type.Integer()),
    when: Text,
    not: optional(Type.Array(strict({ code: Text, when: Text, say: Text }))),
    /** Absent or empty: the right thing is to do nothing, for the reason `summary` gives. */
    steps: optional(Type.Array(PlaybookStep)),
    expect: optional(Expectation),
    fallback: optional(Type.Array(PlaybookStep)),
  }),
})
export type Playbook = Static<typeof Playbook>

function playbookMistakes({ spec }: Playbook): string[] {
  const steps = spec.steps ?? []
  const ids = steps.map((step, index) => step.id ?? `step-${index + 1}`)
  const mistakes = ids
    .filter((id, index) => ids.indexOf(id) !== index)
    .map((id) => `spec.steps: id '${id}' is used twice`)
  for (const [index, step] of steps.entries())
    for (const need of step.needs ?? [])
      if (!ids.slice(0, index).includes(need))
        mistakes.push(`spec.steps.${index}.needs: expected the id of an earlier step, got "${need}"`)
  if (steps.length > 0 && spec.expect === undefined)
    mistakes.push('spec.expect: expected where there are steps, got nothing')
  return mistakes
}

export const decodePlaybook = decoderOf(Playbook, playbookMistakes)
