import { decoderOf, type PlaybookStep, type PlaybookValue } from '@kubewise/contracts'
import { ACTIONS, actionNamed, type ActionSpec } from '@kubewise/policy'
import { Type, type TSchema } from 'typebox'
import { compileCondition, factType, type Condition } from './cel.ts'
import { mistakeIn, type PlaybookMistake, type Source } from './position.ts'

/** A step of a playbook that was checked: its action exists and takes these parameters. */
export interface LoadedStep {
  id: string
  action: ActionSpec
  with: Readonly<Record<string, PlaybookValue>>
  needs: readonly string[]
  when?: Condition
  timeoutSeconds: number
}

const DEFAULT_TIMEOUT_SECONDS = 120

interface ParameterSchema {
  properties?: Record<string, TSchema & { type?: string }>
  required?: string[]
}

type Path = readonly (string | number)[]

function valueMistake(name: string, value: PlaybookValue, schema: TSchema & { type?: string }): string | undefined {
  if (typeof value !== 'object') {
    const decoded = decoderOf(Type.Object({ [name]: schema }))({ [name]: value })
    return decoded.ok ? undefined : decoded.errors.join('; ')
  }
  const type = factType(value.fact)
  if (type === undefined) return `there is no fact '${value.fact}'`
  const isFitting = type === schema.type || (type === 'integer' && schema.type === 'number')
  return isFitting
    ? undefined
    : `expected a ${schema.type ?? 'value'}, got the fact '${value.fact}', which is a ${type}`
}

function parameterMistakes(source: Source, path: Path, step: PlaybookStep, action: ActionSpec): PlaybookMistake[] {
  const { properties = {}, required = [] } = action.parameters as ParameterSchema
  const given = step.with ?? {}
  const missing = required.filter((name) => !Object.hasOwn(given, name))
  return [
    ...missing.map((name) => mistakeIn(source, [...path, 'with'], `${action.name} needs the parameter '${name}'`)),
    ...Object.entries(given).flatMap(([name, value]) => {
      const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
      const known = Object.keys(properties).join(', ') || 'none'
      const say = schema
        ? valueMistake(name, value, schema)
        : `${action.name} has no such parameter; there are: ${known}`
      return say === undefined ? [] : [mistakeIn(source, [...path, 'with', name], say)]
    }),
  ]
}

/** Checks one step; @returns it with its action, or every mistake in it. `before` is the id of the step it follows. */
export function checkStep(
  source: Source,
  path: Path,
  step: PlaybookStep,
  id: string,
  before: string | undefined,
): LoadedStep | PlaybookMistake[] {
  const action = actionNamed(step.action)
  if (!action) {
    const names = ACTIONS.map(({ name }) => name).join(', ')
    return [mistakeIn(source, [...path, 'action'], `there is no action '${step.action}'; there are: ${names}`)]
  }
  const mistakes = parameterMistakes(source, path, step, action)
  const when = step.when === undefined ? undefined : compileCondition(step.when)
  if (typeof when === 'object') mistakes.push(mistakeIn(source, [...path, 'when'], when.say, when.start))
  if (mistakes.length > 0) return mistakes
  return {
    id,
    action,
    with: step.with ?? {},
    needs: step.needs ?? (before === undefined ? [] : [before]),
    ...(typeof when === 'function' && { when }),
    timeoutSeconds: step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
  }
}
