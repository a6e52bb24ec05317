import { isKubeError, RESOURCES, type Kube } from '@kubewise/kube'
import type { Metric } from '@kubewise/metrics'
import { every, type Clock, type Health, type Logger } from '@kubewise/service'
import { backOffMs } from './back-off.ts'
import type { Figures } from './figures.ts'
import { readSummary } from './kubelet-summary.ts'
import { measuredMetrics, missingOf, type Reach } from './measured-metrics.ts'
import { readResourceMetrics } from './resource-metrics.ts'
import { UsageTaker, type UsagePorts } from './take-usage.ts'
import type { Usage } from './usage.ts'
import { samplesOf, type Bounds } from './usage-samples.ts'

const SECOND = 1000
/** A kubelet measures every 10 to 15 s. */
const LEAST_INTERVAL_MS = 15 * SECOND
const NODES_AT_ONCE = 4
const RIGHT_ASKED_MS = 300 * SECOND
const FORGET_MS = 60 * SECOND
const UNSEEN_MS = 600 * SECOND

/** The objects that the collector watches. */
export interface MeasuredObjects extends Bounds {
  nodeNames(): string[]
  nodeOf(namespace: string, pod: string): string | undefined
}

export interface NodeMeasurePorts extends Omit<UsagePorts, 'metrics'> {
  kube: Pick<Kube, 'list' | 'nodeSummary' | 'canI'>
  clock: Clock
  log: Logger
  health: Health
  objects: MeasuredObjects
  figures: Pick<Figures, 'measured' | 'unread' | 'missing'>
}

/** Failures in a row of one thing that is asked, and when it may be asked again. */
interface Attempts {
  failures: number
  nextMs: number
}

/** What a round found. */
interface Round {
  nodes: number
  /** Whose summaries answered. */
  summarised: number
  mayAskNodes: boolean
  hasResourceMetrics: boolean
}

export interface MeasureBounds {
  /** What Prometheus would be asked for. */
  wanted: readonly Metric[]
  pollIntervalMs: number
  /** Of one request. */
  timeoutMs: number
}

/**
 * Measures without Prometheus, for as long as the signal lasts: each node's kubelet through the API server's proxy where `nodes/proxy`
 * may be read, and `metrics.k8s.io` for the nodes that do not answer so. One request a node and round, few at once; what fails is asked
 * ever more seldom, up to every five minutes, and holds up nothing else. What is missing is told in the log when that changes, in health
 * and in `kubewise_metrics_missing`.
 */
export async function measureNodes(
  ports: NodeMeasurePorts,
  { wanted, pollIntervalMs, timeoutMs }: MeasureBounds,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, index, batches, freshness, objects } = ports
  const intervalMs = Math.max(LEAST_INTERVAL_MS, pollIntervalMs)
  const taker = new UsageTaker({ ...ports, metrics: measuredMetrics(intervalMs) }, intervalMs)
  const ask = createAsking(ports, intervalMs, timeoutMs)
  const tell = createTelling(ports, wanted)

  function take(usage: Usage): void {
    ports.figures.unread(usage.malformed)
    taker.take(samplesOf(usage, objects), clock.now())
  }

  async function round(): Promise<void> {
    const nodes = objects.nodeNames()
    ask.forgetAllBut(nodes)
    const mayAskNodes = await ask.mayAskNodes(signal)
    const answered = mayAskNodes ? await ask.summaries(nodes, take, signal) : new Set<string>()
    const isLeft = (node: string | undefined) => node === undefined || !answered.has(node)
    const hasResourceMetrics = nodes.some(isLeft) && (await ask.resourceMetrics((usage) => take(leftOf(usage)), signal))
    function leftOf({ nodes: ofNodes, pods, ...rest }: Usage): Usage {
      return {
        ...rest,
        nodes: ofNodes.filter(({ name }) => isLeft(name)),
        pods: pods.filter(({ namespace, name }) => isLeft(objects.nodeOf(namespace, name))),
      }
    }
    batches.flush()
    if (!signal.aborted) tell({ nodes: nodes.length, summarised: answered.size, mayAskNodes, hasResourceMetrics })
  }

  const report = (error: unknown) => log.error({ err: error }, 'not measured')
  const forget = () => {
    index.forgetUnseen(clock.now())
    taker.forget(clock.now() - UNSEEN_MS)
  }
  await Promise.all([every(clock, intervalMs, signal, round, report), every(clock, FORGET_MS, signal, forget, report)])
  batches.flush()
  // Whoever measures next answers for them.
  for (const name of Object.keys(freshness.metrics)) freshness.forget(name)
}

/** Asks, counts what came of it, and stays away from what fails. */
function createAsking({ kube, clock, log, figures }: NodeMeasurePorts, intervalMs: number, timeoutMs: number) {
  const ofNodes = new Map<string, Attempts>()
  const ofResourceMetrics: Attempts = { failures: 0, nextMs: 0 }
  let right = { isAllowed: true, askedMs: Number.NEGATIVE_INFINITY }

  /** @returns whether it answered */
  async function attempt(
    attempts: Attempts,
    what: { by: 'summary' | 'resource-metrics'; node?: string },
    run: (timed: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (signal.aborted || clock.monotonic() < attempts.nextMs) return false
    try {
      await run(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      if (attempts.failures > 0) log.info(what, 'measured again')
      attempts.failures = 0
      figures.measured(what.by, '2xx')
      return true
    } catch (error) {
      if (signal.aborted) return false
      figures.measured(what.by, isKubeError(error) ? error.kind : 'bug')
      attempts.failures += 1
      // A little early rather than a whole round late.
      attempts.nextMs = clock.monotonic() + backOffMs(intervalMs, attempts.failures) - intervalMs / 2
      if (attempts.failures === 1) log.warn({ ...what, err: error }, 'not measured, asking on')
      return false
    }
  }

  return {
    forgetAllBut(nodes: readonly string[]): void {
      const there = new Set(nodes)
      for (const node of ofNodes.keys()) if (!there.has(node)) ofNodes.delete(node)
    },

    /** One question for all nodes, now and then, in place of a refusal from each. Where there is no answer, they are asked. */
    async mayAskNodes(signal: AbortSignal): Promise<boolean> {
      if (clock.monotonic() - right.askedMs < RIGHT_ASKED_MS) return right.isAllowed
      const question = { verb: 'get', group: '', resource: 'nodes', subresource: 'proxy' }
      const isAllowed = await kube.canI(question, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])).then(
        (verdict) => verdict.isAllowed,
        () => true,
      )
      right = { isAllowed, askedMs: clock.monotonic() }
      return isAllowed
    },

    /** Those that answer well come first: one that is silent holds up none of them. @returns the nodes that answered */
    async summaries(
      nodes: readonly string[],
      take: (usage: Usage) => void,
      signal: AbortSignal,
    ): Promise<ReadonlySet<string>> {
      const attemptsOf = (node: string) => {
        const attempts = ofNodes.get(node) ?? { failures: 0, nextMs: 0 }
        ofNodes.set(node, attempts)
        return attempts
      }
      const waiting = [...nodes].sort((a, b) => attemptsOf(a).failures - attemptsOf(b).failures).values()
      const answered = new Set<string>()
      const lane = async () => {
        for (const node of waiting) {
          const run = async (timed: AbortSignal) =>
            take(readSummary(await kube.nodeSummary(node, timed), node, clock.now()))
          if (await attempt(attemptsOf(node), { by: 'summary', node }, run, signal)) answered.add(node)
        }
      }
      await Promise.all(Array.from({ length: NODES_AT_ONCE }, lane))
      return answered
    },

    resourceMetrics: (take: (usage: Usage) => void, signal: AbortSignal): Promise<boolean> =>
      attempt(
        ofResourceMetrics,
        { by: 'resource-metrics' },
        async (timed) => {
          const [nodes, pods] = await Promise.all([
            kube.list(RESOURCES.NodeMetrics, {}, timed),
            kube.list(RESOURCES.PodMetrics, {}, timed),
          ])
          take(readResourceMetrics(nodes.items, pods.items, clock.now()))
        },
        signal,
      ),
  }
}

/** Says what is missing: in health at each round, in the log when it is something else than before. */
function createTelling({ log, health, figures }: NodeMeasurePorts, wanted: readonly Metric[]) {
  let toldReach: Reach | undefined
  return (round: Round): void => {
    const reach = reachOf(round)
    const missing = missingOf(wanted, reach)
    figures.missing(missing.length)
    const say = `without Prometheus ${missing.length} of ${wanted.length} metrics are not collected; ${waysOf(round)}`
    health.set('measurements', 'quality', { ok: missing.length === 0, say })
    if (reach !== toldReach) log.warn({ ...round, missing }, say)
    toldReach = reach
  }
}

const reachOf = ({ summarised, hasResourceMetrics }: Round): Reach =>
  summarised > 0 ? 'summaries' : hasResourceMetrics ? 'resource-metrics' : 'nothing'

function waysOf({ nodes, summarised, mayAskNodes, hasResourceMetrics }: Round): string {
  const summaries = mayAskNodes
    ? `the kubelets of ${summarised} of ${nodes} nodes answer`
    : 'kubelets may not be asked (RBAC: get nodes/proxy)'
  if (mayAskNodes && summarised === nodes) return summaries
  return `${summaries}, metrics.k8s.io ${hasResourceMetrics ? 'answers for the others' : 'does not answer (metrics-server)'}`
}
