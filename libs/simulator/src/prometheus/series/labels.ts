/** Labels of one series, its name under `__name__`; without a prototype, so that any label name is only a label name. */
export type Labels = Readonly<Record<string, string>>

export const METRIC_NAME = '__name__'

/** Empty values mean an absent label, as in Prometheus. */
export function labelsOf(entries: Iterable<readonly [string, string]>): Labels {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of entries) if (value !== '') labels[name] = value
  return labels
}

/** Labels of a metric from its name and a literal. */
export function metric(name: string, labels: Record<string, string | undefined> = {}): Labels {
  return labelsOf([[METRIC_NAME, name], ...Object.entries(labels).map(([key, value]) => [key, value ?? ''] as const)])
}

/** Equal for equal label sets, whatever the order in which they were written. */
export function labelKey(labels: Labels): string {
  let key = ''
  for (const name of Object.keys(labels).sort()) key += `${name}\u0000${labels[name]}\u0001`
  return key
}

export function withoutName(labels: Labels): Labels {
  return METRIC_NAME in labels ? without(labels, new Set([METRIC_NAME])) : labels
}

export function without(labels: Labels, names: ReadonlySet<string>): Labels {
  return labelsOf(Object.entries(labels).filter(([name]) => !names.has(name)))
}

export function only(labels: Labels, names: Iterable<string>): Labels {
  return labelsOf(Array.from(names, (name) => [name, labels[name] ?? ''] as const))
}

/** As Prometheus writes a series in its messages: `up{job="a"}`. */
export function sayLabels(labels: Labels): string {
  const pairs = Object.keys(labels)
    .filter((name) => name !== METRIC_NAME)
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`)
  return `${labels[METRIC_NAME] ?? ''}{${pairs.join(', ')}}`
}
