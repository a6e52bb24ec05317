import { planHash, type Incident, type Plan, type Target } from '@kubewise/contracts'

const HOUR = 3_600_000

export const namespaceOf = (index: number) => `ns-${index % 20}`

/** What is asked of one plan: its target's index in the cluster, and whatever differs. */
export interface Wanted {
  id: string
  cluster: string
  index: number
  uid: string
  replicas: number
  mode?: Plan['mode']
  notAfterMs?: number
}

/** A plan to scale one Deployment of the simulated cluster, watched until its pods are ready and stay so. */
export function planOf({ id, cluster, index, uid, replicas, mode = 'auto', notAfterMs }: Wanted): Plan {
  const nowMs = Date.now()
  const target: Target = { cluster, kind: 'Deployment', namespace: namespaceOf(index), name: `app-${index}`, uid }
  const body = {
    cluster,
    incident: `incident-${id}`,
    attempt: 1,
    target,
    origin: { kind: 'playbook' as const, name: 'bench', hash: 'bench' },
    cause: 'bench',
    reasoning: 'It is done to see how fast it is done.',
    cites: [],
    confidence: { value: 1, parts: {} },
    risk: 'low' as const,
    impact: { pods: 1, readyPodsTaken: 0, readyShare: 0, restarts: false },
    steps: [
      {
        id: 'only',
        action: 'scale@1',
        object: { ...target, uid },
        with: { replicas },
        needs: [],
        timeoutSeconds: 60,
        preconditions: [{ field: 'metadata.uid', is: uid }],
        changes: [],
      },
    ],
    expect: { withinSeconds: 120, holds: ['workload-available' as const] },
    fallback: [],
    refusals: [],
    mode,
    evidence: 'state' as const,
    metrics: [],
    anomalies: [],
    createdMs: nowMs,
    notAfterMs: notAfterMs ?? nowMs + HOUR,
  }
  return { _id: id, version: 1, ...body, hash: planHash(body) }
}

/** Opened long ago: so many at once would be a storm, in which nothing is done. */
export function incidentOf({ _id, cluster, incident, target }: Plan): Incident {
  const openedMs = Date.now() - HOUR
  return {
    _id: incident,
    version: 1,
    cluster,
    target,
    status: 'open',
    openedMs,
    updatedMs: openedMs,
    severity: 'critical',
    say: 'It is slow.',
    signals: [],
    plans: [_id],
    attempts: 0,
  }
}
