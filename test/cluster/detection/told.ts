import type { Entity, Severity } from '@kubewise/contracts'

/** As much of an anomaly as is looked at. */
export interface ToldAnomaly {
  id: string
  entity: Entity
  target: Entity
  rule: { name: string }
  severity: Severity
  startedMs: number
  detectedMs: number
  say: string
  features: Readonly<Record<string, unknown>>
}

export interface ToldIncident {
  target: Entity
  severity: Severity
  openedMs: number
  say: string
}

const PAGE = 500

/** All of a list of the API, oldest last. */
async function all<T>(apiUrl: string, path: string): Promise<T[]> {
  const items: T[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const query: string = `limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const response = await fetch(`${apiUrl}${path}?${query}`)
    if (!response.ok) throw new Error(`${path}: the API answers ${response.status} ${await response.text()}`)
    const page = (await response.json()) as { items: T[]; cursor?: string }
    items.push(...page.items)
    cursor = page.cursor
  }
  return items
}

export const anomaliesOf = (apiUrl: string): Promise<ToldAnomaly[]> => all(apiUrl, '/api/v1/anomalies')
export const incidentsOf = (apiUrl: string): Promise<ToldIncident[]> => all(apiUrl, '/api/v1/incidents')

/** `warning cpu-throttled Deployment a/burn: All 2 replicas …` */
export const sayAnomaly = ({ severity, rule, entity, say }: ToldAnomaly): string =>
  `${severity} ${rule.name} ${entity.kind} ${entity.namespace}/${entity.name}: ${say}`

/** What speaks of a namespace, of a node or of the cluster itself. */
export const isOfQuiet =
  (namespace: string) =>
  ({ target }: Pick<ToldAnomaly, 'target'>): boolean =>
    target.namespace === namespace || target.namespace === ''
