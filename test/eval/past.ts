import { anomalyId, COLLECTIONS, partitionOf, type Anomaly, type Entity } from '@kubewise/contracts'
import type { Store } from '@kubewise/store'
import type { Past } from './form.ts'

const SECOND = 1000
const LASTED_MS = 60 * SECOND

/** `shop/Pod/web-0`, or `Node/node-1` of what lies in no namespace. */
function entityOf(cluster: string, title: string): Entity {
  const parts = title.split('/')
  const [name = '', kind = '', namespace = ''] = parts.reverse()
  return { cluster, kind, namespace, name }
}

/** Puts into the record what was found, and was over, before the scenario begins. */
export async function remember(store: Store, past: readonly Past[], cluster: string, zeroMs: number): Promise<void> {
  const anomalies = store.collection(COLLECTIONS.anomalies)
  for (const { at, rule: name, entity: about, target: owner } of past) {
    const [entity, target] = [entityOf(cluster, about), entityOf(cluster, owner)]
    const rule = { name, version: 1 }
    const startedMs = zeroMs + at * SECOND
    const anomaly: Omit<Anomaly, 'version'> = {
      _id: anomalyId(entity, rule, startedMs),
      entity,
      target,
      rule,
      source: 'state',
      startedMs,
      detectedMs: startedMs,
      severity: 'critical',
      score: 12,
      confidence: 1,
      say: `${name} was seen.`,
      features: {},
      partition: partitionOf(target),
      seq: 0,
      status: 'resolved',
      resolvedMs: startedMs + LASTED_MS,
      resolution: 'It was not seen any more.',
    }
    await anomalies.insert(anomaly)
  }
}
