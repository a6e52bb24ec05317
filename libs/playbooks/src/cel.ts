import { Environment, type ParseError, type TypeError } from '@marcbachmann/cel-js'
import { Facts } from '@kubewise/contracts'

/** JSON Schema, as far as facts use it. */
interface FactSchema {
  type?: string
  properties?: Record<string, FactSchema>
  items?: FactSchema
}

/** A condition that was checked against the facts' types. @throws on a mistake that shows only at run time */
export type Condition = (facts: CelFacts) => boolean

/** Facts as CEL takes them: whole numbers are BigInt. */
export type CelFacts = Readonly<Record<string, unknown>>

/** What is wrong with an expression, and where: offsets into its text. */
export interface ConditionMistake {
  say: string
  start: number
  end: number
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'bool',
  integer: 'int',
  number: 'double',
}

const root: FactSchema = Facts

/** Declares the schema's types bottom-up; the type of an object is named by its path. */
function declare(environment: Environment, schema: FactSchema, path: string): string {
  if (schema.type === 'array') return `list<${declare(environment, schema.items ?? {}, path)}>`
  if (schema.type !== 'object') return SCALARS[schema.type ?? ''] ?? 'dyn'
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, member]) => [
      name,
      declare(environment, member, `${path}${name[0]?.toUpperCase()}${name.slice(1)}`),
    ]),
  )
  environment.registerType(path, { fields })
  return path
}

// Bounds what a playbook of a user may cost; ours use a tenth of it.
const LIMITS = { maxAstNodes: 2_000, maxDepth: 60, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 8 }

/** The language of conditions: CEL with one variable for each member of `Facts`, nothing undeclared. */
function createEnvironment(): Environment {
  const environment = new Environment({ unlistedVariablesAreDyn: false, limits: LIMITS })
  for (const [name, schema] of Object.entries(root.properties ?? {}))
    environment.registerVariable(name, declare(environment, schema, `Fact${name[0]?.toUpperCase()}${name.slice(1)}`))
  return environment
}

const environment = createEnvironment()

// `matches` runs on a backtracking engine here, and the names it would be run on come from whoever uses the cluster.
const MATCHES = /\bmatches\s*\(/

const mistakeOf = (error: ParseError | TypeError | undefined, text: string): ConditionMistake => ({
  say: error?.summary ?? 'not an expression',
  start: error?.range?.start ?? 0,
  end: error?.range?.end ?? text.length,
})

/**
 * Compiles a condition of a playbook.
 *
 * @returns the condition, or why it is none: syntax, a fact that does not exist, a wrong type, a result that is no bool
 */
export function compileCondition(text: string): Condition | ConditionMistake {
  const check = environment.check(text)
  if (!check.valid) return mistakeOf(check.error, text)
  if (check.type !== 'bool')
    return { say: `expected a condition (bool), got ${check.type ?? 'nothing'}`, start: 0, end: text.length }
  const matches = MATCHES.exec(text)
  if (matches)
    return {
      say: 'matches() is not available; use startsWith(), endsWith(), contains() or in',
      start: matches.index,
      end: matches.index + 'matches'.length,
    }
  const evaluate = environment.parse(text)
  return (facts) => evaluate(facts) === true
}

function convert(schema: FactSchema | undefined, value: unknown): unknown {
  if (schema?.type === 'integer') return BigInt(value as number)
  if (schema?.type === 'array') return (value as unknown[]).map((item) => convert(schema.items, item))
  if (schema?.type !== 'object') return value
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, member]) => [
      name,
      convert(schema.properties?.[name], member),
    ]),
  )
}

/** Facts in CEL's own types. */
export const celFacts = (facts: Facts): CelFacts => convert(root, facts) as CelFacts

function schemaAt(path: string): FactSchema | undefined {
  const step = (at: FactSchema | undefined, name: string) =>
    at?.properties && Object.hasOwn(at.properties, name) ? at.properties[name] : undefined
  return path.split('.').reduce(step, root as FactSchema | undefined)
}

const NAMED = /\b[a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)*\b/g

/** The facts that an expression names, as far as their paths lead: a list, or a single fact. */
export function factsIn(text: string): string[] {
  const bare = text.replace(/'[^']*'|"[^"]*"/g, "''")
  return [...new Set((bare.match(NAMED) ?? []).flatMap((path) => existingPart(path) ?? []))]
}

/** `pods.exists` is about `pods`. */
function existingPart(path: string): string | undefined {
  const names = path.split('.')
  for (let length = names.length; length > 0; length--) {
    const part = names.slice(0, length).join('.')
    if (schemaAt(part)) return part
  }
  return undefined
}

/** The JSON type of a fact by its path (`rollout.lastHealthy.revision`); undefined where there is no such fact or it is no scalar. */
export function factType(path: string): 'string' | 'number' | 'integer' | 'boolean' | undefined {
  const schema = schemaAt(path)
  return schema?.type !== undefined && Object.hasOwn(SCALARS, schema.type)
    ? (schema.type as 'string' | 'number' | 'integer' | 'boolean')
    : undefined
}

/** The value of a fact by its path. */
export function factAt(facts: Facts, path: string): string | number | boolean | undefined {
  const value = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], facts)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}
