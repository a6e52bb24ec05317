import { labelsOf, METRIC_NAME, type Labels } from '../../series/labels.ts'
import { anchored } from '../../series/matcher.ts'
import { PromqlError } from '../error.ts'
import { samplesAt, stringAt, vectorOf, type CallInput, type FunctionSpec } from '../function.ts'
import type { Value } from '../value.ts'

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

function withLabel(labels: Labels, name: string, value: string): Labels {
  return labelsOf([...Object.entries(labels).filter(([key]) => key !== name), [name, value]])
}

function refuseName(name: string, say: string): void {
  if (!LABEL_NAME.test(name)) throw new PromqlError('execution', `${say}: ${name}`)
}

function labelReplace({ values }: CallInput): Value {
  const [target, replacement, source, pattern] = [1, 2, 3, 4].map((index) => stringAt(values, index)) as [
    string,
    string,
    string,
    string,
  ]
  refuseName(target, 'invalid destination label name in label_replace()')
  const expression = compile(pattern)
  return vectorOf(
    samplesAt(values, 0).map(({ labels, value }) => {
      const match = expression.exec(labels[source] ?? '')
      return { labels: match ? withLabel(labels, target, expand(replacement, match)) : labels, value }
    }),
  )
}

function compile(pattern: string): RegExp {
  try {
    return anchored(pattern)
  } catch (cause) {
    throw new PromqlError('execution', `invalid regular expression in label_replace(): ${pattern}`, { cause })
  }
}

/** Go's template: `$1`, `$name`, `${name}`, `$$`; what was not captured is empty. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_, dollar?: string, braced?: string, bare?: string) => {
    if (dollar) return '$'
    const name = (braced ?? bare) as string
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
  })
}

function labelJoin({ values }: CallInput): Value {
  const target = stringAt(values, 1)
  refuseName(target, 'invalid destination label name in label_join()')
  const sources = values.slice(3).map((_, index) => stringAt(values, index + 3))
  for (const source of sources) refuseName(source, 'invalid source label name in label_join()')
  const join = (labels: Labels) => sources.map((source) => labels[source] ?? '').join(stringAt(values, 2))
  return vectorOf(
    samplesAt(values, 0).map(({ labels, value }) => ({ labels: withLabel(labels, target, join(labels)), value })),
  )
}

const byValue = (direction: 1 | -1): FunctionSpec => ({
  arguments: ['instant vector'],
  returns: 'instant vector',
  call: ({ values }) => ({
    type: 'vector',
    samples: samplesAt(values, 0).toSorted(
      (a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || direction * (a.value - b.value),
    ),
  }),
})

export const LABEL_FUNCTIONS: Record<string, FunctionSpec> = {
  label_replace: {
    arguments: ['instant vector', 'string', 'string', 'string', 'string'],
    returns: 'instant vector',
    call: labelReplace,
  },
  label_join: {
    arguments: ['instant vector', 'string', 'string', 'string'],
    optional: 1,
    isVariadic: true,
    returns: 'instant vector',
    call: labelJoin,
  },
  sort: byValue(1),
  sort_desc: byValue(-1),
}

/** The labels that a selector fixes by equality, for `absent`. */
export function fixedLabels(matchers: readonly { label: string; operator: string; value: string }[]): Labels {
  const named = matchers.filter(({ label }) => label !== METRIC_NAME)
  const counts = Map.groupBy(named, ({ label }) => label)
  return labelsOf(
    named
      .filter(({ label, operator }) => operator === '=' && counts.get(label)?.length === 1)
      .map(({ label, value }) => [label, value]),
  )
}
