import {
  keyOf,
  idOf,
  type Alert,
  type AnomalyMessage,
  type AnomalyOpened,
  type ContainerState,
  type Control,
  type Entity,
  type MetricBatch,
  type ObjectState,
  type PodState,
  type Signal,
  type Target,
} from '@kubewise/contracts'
import { PartitionDetector } from './partition-detector.ts'

export const T0 = Date.UTC(2026, 0, 5)
export const SECOND = 1000
export const web = { cluster: 'test', kind: 'Deployment', namespace: 'shop', name: 'web' }
export const podEntity = (name = 'web-1') => ({
  cluster: 'test',
  kind: 'Pod',
  namespace: 'shop',
  name,
  uid: `uid-${name}`,
})

export const container = (changes: Partial<ContainerState> = {}): ContainerState => ({
  name: 'app',
  isInit: false,
  isReady: true,
  restarts: 0,
  image: 'web:1',
  ...changes,
})

export function pod(atMs: number, changes: Partial<PodState> = {}, name = 'web-1'): ObjectState {
  return {
    kind: 'object-state',
    cluster: 'test',
    entity: podEntity(name),
    target: web,
    resourceVersion: String(atMs),
    observedMs: atMs,
    isDeleted: false,
    state: {
      type: 'Pod',
      phase: 'Running',
      isReady: true,
      isTerminating: false,
      isBare: false,
      createdMs: T0,
      containers: [container()],
      conditions: [],
      ...changes,
    },
  }
}

export const gone = (atMs: number, name = 'web-1'): ObjectState => ({ ...pod(atMs, {}, name), isDeleted: true })

export const tick = (atMs: number): Control => ({
  kind: 'control',
  cluster: 'test',
  partition: 0,
  sentMs: atMs,
  change: { type: 'tick' },
})

/** A tick each five minutes, for as long as nothing else is told. */
export const ticks = (fromSeconds: number, toSeconds: number): Control[] =>
  Array.from({ length: Math.floor((toSeconds - fromSeconds) / 300) + 1 }, (_, i) =>
    tick(T0 + (fromSeconds + i * 300) * SECOND),
  )

/** A container killed for memory at `finishedMs` after `ranMs`. */
export const killed = (finishedMs: number, ranMs: number, restarts: number) =>
  container({
    restarts,
    isReady: false,
    waiting: 'CrashLoopBackOff',
    lastTerminated: { reason: 'OOMKilled', exitCode: 137, startedMs: finishedMs - ranMs, finishedMs },
  })

/** One sample for each pod of web. */
export function batch(
  atMs: number,
  values: Record<string, number>,
  metric = 'pod_cpu_utilization_pct',
  isBackfill = false,
): MetricBatch {
  const pods = Object.keys(values)
  return {
    kind: 'metric-batch',
    cluster: 'test',
    partition: 0,
    collectedMs: atMs,
    isBackfill,
    metrics: [{ name: metric, intervalMs: 15_000 }],
    targets: [{ kind: web.kind, namespace: web.namespace, name: web.name }],
    entities: pods.map((name) => ({ kind: 'Pod', namespace: 'shop', name, target: 0 })),
    series: pods.map((name, i) => ({ key: idOf(metric, keyOf(podEntity(name))), metric: 0, entity: i })),
    of: pods.map((_, i) => i),
    startMs: atMs,
    afterMs: pods.map(() => 0),
    value: Object.values(values),
  }
}

/** The state of an object that is no pod; its own target unless told. */
export function around(
  atMs: number,
  kind: string,
  target: Target | undefined,
  state: ObjectState['state'],
): ObjectState {
  const name = kind === target?.kind ? target.name : `a-${kind.toLowerCase()}`
  const entity = { cluster: 'test', kind, namespace: kind === 'Node' ? '' : 'shop', name }
  return {
    kind: 'object-state',
    cluster: 'test',
    entity: { ...entity, uid: `uid-${kind}` },
    target: target ?? entity,
    resourceVersion: String(atMs),
    observedMs: atMs,
    isDeleted: false,
    state,
  }
}

/** One sample of an object that is its own target. */
export function about(atMs: number, kind: string, name: string, metric: string, value: number): MetricBatch {
  const namespace = kind === 'PersistentVolumeClaim' ? 'shop' : ''
  return {
    ...batch(atMs, { [name]: value }, metric),
    targets: [{ kind, namespace, name }],
    entities: [{ kind, namespace, name, target: 0 }],
  }
}

export const alertSignal = (
  atMs: number,
  status: 'firing' | 'resolved',
  changes: Partial<Alert> = {},
): Control & { change: { type: 'alert' } } => ({
  kind: 'control',
  cluster: 'test',
  partition: 0,
  sentMs: atMs,
  change: {
    type: 'alert',
    alert: {
      fingerprint: 'f',
      name: 'HighErrorRate',
      status,
      severity: 'critical',
      startsMs: T0,
      entity: web,
      target: web,
      ...changes,
    },
  },
})

/** The same samples, seconds later. */
export const later = (signal: Signal, seconds: number): Signal =>
  signal.kind === 'metric-batch'
    ? { ...signal, collectedMs: signal.collectedMs + seconds * SECOND, startMs: signal.startMs + seconds * SECOND }
    : signal

export const at = (seconds: number) => T0 + seconds * SECOND

/** web-1 in a crash loop. */
export const crashing = (seconds: number, restarts = 1) =>
  pod(at(seconds), {
    isReady: false,
    containers: [container({ waiting: 'CrashLoopBackOff', restarts, isReady: false })],
  })

/** An Event on a pod of web, or on another object. */
export const event = (reason: string, count: number, entity: Entity = podEntity()): Signal => ({
  kind: 'kubernetes-event',
  cluster: 'test',
  uid: 'e',
  type: 'Warning',
  reason,
  message: '',
  entity,
  target: entity.kind === 'Pod' ? web : entity,
  count,
  firstMs: T0,
  lastMs: T0,
})

/** Feeds signals in order to one detector, the first as the message after `from`. */
export const feed = (signals: readonly Signal[], detector = new PartitionDetector(0), from = 0): AnomalyMessage[] =>
  signals.flatMap((signal, i) => detector.handle(signal, from + i + 1, 1))

export const opened = (messages: readonly AnomalyMessage[]): AnomalyOpened[] =>
  messages.filter((message) => message.kind === 'anomaly')

/** What came of signals, as `+rule` and `-rule`. */
export function story(messages: readonly AnomalyMessage[]): string[] {
  const rules = new Map<string, string>()
  return messages.map((message) => {
    if (message.kind === 'anomaly') rules.set(message.id, message.rule.name)
    return `${message.kind === 'anomaly' ? '+' : '-'}${rules.get(message.id)}`
  })
}
