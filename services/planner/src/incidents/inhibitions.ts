import {
  COLLECTIONS,
  type Anomaly,
  type AnomalyOpened,
  type Inhibition,
  type Refusal,
  type Settings,
} from '@kubewise/contracts'
import { fitsOf, type Fits } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { matchedOf } from './silences.ts'

/** Always in force: what a lost node does to its pods is told with the node. */
export const BUILT_IN_INHIBITIONS: readonly Inhibition[] = [
  {
    name: 'node-not-ready',
    source: [{ field: 'rule', operator: '=', value: 'node-not-ready' }],
    target: [{ field: 'rule', operator: '=~', value: 'pod-not-ready|pod-pending|crash-loop' }],
    equal: ['node'],
  },
]

type Compared = Pick<AnomalyOpened, 'target' | 'rule' | 'severity' | 'source' | 'entity'> & {
  features?: AnomalyOpened['features']
}

interface Rule {
  name: string
  source: Fits
  target: Fits
  equal: Inhibition['equal']
  /** Rules that the source can be of; undefined where it could be any. */
  sourceRules: readonly string[] | undefined
}

const LOOK_EVERY_MS = 2_000
/** More sources than these are not compared with: telling once too often is better than not at all. */
const MOST_SOURCES = 500

function ruleOf({ name, source, target, equal }: Inhibition): Rule | undefined {
  const named = source.filter(({ field, operator }) => field === 'rule' && operator === '=').map(({ value }) => value)
  try {
    return {
      name,
      source: fitsOf(source),
      target: fitsOf(target),
      equal,
      sourceRules: named[0] ? [named[0]] : undefined,
    }
  } catch {
    // The settings' own check tells; one that slipped through keeps nothing quiet.
    return undefined
  }
}

/** The value that two anomalies are compared by; empty where there is none. */
function valueOf(anomaly: Compared, field: Inhibition['equal'][number]): string {
  if (field !== 'node') return matchedOf(anomaly)[field] ?? ''
  if (anomaly.entity.kind === 'Node') return anomaly.entity.name
  const node = anomaly.features?.['node']
  return typeof node === 'string' ? node : ''
}

/** What neither has is nothing in common: unlike Alertmanager's, where two absent labels are equal. */
const areEqual = (a: Compared, b: Compared, equal: Inhibition['equal']) =>
  equal.every((field) => valueOf(a, field) !== '' && valueOf(a, field) === valueOf(b, field))

export interface Inhibitions {
  /** @returns what keeps an anomaly quiet, or undefined */
  covering(anomaly: Compared & { id?: string }): Promise<Refusal | undefined>
}

export function createInhibitions(
  store: Store,
  clock: Clock,
  cluster: string,
  settings: () => Promise<Settings | undefined>,
): Inhibitions {
  const anomalies = store.collection(COLLECTIONS.anomalies)
  let compiled: { of: number | undefined; rules: readonly Rule[] } | undefined
  let read: { sources: Promise<readonly Anomaly[]>; key: string; untilMs: number } | undefined

  async function sourcesOf(rules: readonly Rule[]): Promise<readonly Anomaly[]> {
    const names = rules.map(({ sourceRules }) => sourceRules)
    const isNamed = names.every((each) => each !== undefined)
    const where = {
      status: 'open',
      'target.cluster': cluster,
      ...(isNamed && { 'rule.name': { in: [...new Set(names.flat())] } }),
    }
    const { items } = await anomalies.find({ where, orderBy: 'detectedMs', direction: 'desc', limit: MOST_SOURCES })
    return items
  }

  function current(rules: readonly Rule[]): Promise<readonly Anomaly[]> {
    const key = JSON.stringify(rules.map(({ name, sourceRules }) => [name, sourceRules]))
    if (read && read.key === key && clock.monotonic() < read.untilMs) return read.sources
    const mine = { sources: sourcesOf(rules), key, untilMs: clock.monotonic() + LOOK_EVERY_MS }
    read = mine
    mine.sources.catch(() => {
      if (read === mine) read = undefined
    })
    return mine.sources
  }

  async function allRules(): Promise<readonly Rule[]> {
    const now = await settings()
    if (!compiled || compiled.of !== now?.version) {
      const all = [...BUILT_IN_INHIBITIONS, ...(now?.inhibitions ?? [])]
      compiled = { of: now?.version, rules: all.flatMap((each) => ruleOf(each) ?? []) }
    }
    return compiled.rules
  }

  return {
    async covering(anomaly) {
      const rules = (await allRules()).filter(({ target }) => target(matchedOf(anomaly)))
      if (rules.length === 0) return undefined
      const sources = await current(rules)
      for (const rule of rules) {
        const source = sources.find(
          (each) => each._id !== anomaly.id && rule.source(matchedOf(each)) && areEqual(each, anomaly, rule.equal),
        )
        if (source)
          return { code: 'inhibited', say: `${source.rule.name} of ${source.entity.name} inhibits it (${rule.name}).` }
      }
      return undefined
    },
  }
}
