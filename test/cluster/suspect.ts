import type { Bus } from '@kubewise/bus'
import { anomalyId, subjects, type AnomalyOpened, type Target } from '@kubewise/contracts'

/** Tells the planner of one pod what the detector would: that something is wrong with it. */
export async function suspect(
  bus: Pick<Bus, 'publish'>,
  target: Target,
  pod: { name: string; uid: string },
  { rule, features = {} }: { rule: string; features?: AnomalyOpened['features'] },
): Promise<void> {
  const nowMs = Date.now()
  const entity = { ...target, kind: 'Pod', ...pod }
  const named = { name: rule, version: 1 }
  const message: AnomalyOpened = {
    kind: 'anomaly',
    id: anomalyId(entity, named, nowMs),
    epoch: 1,
    entity,
    target,
    rule: named,
    source: rule === 'sibling-outlier' ? 'metric' : 'state',
    startedMs: nowMs,
    detectedMs: nowMs,
    severity: 'critical',
    score: 12,
    confidence: 1,
    say: `${rule} was seen.`,
    features,
    partition: 0,
    seq: 1,
  }
  await bus.publish(subjects.anomaly(target), message, { id: message.id })
}
