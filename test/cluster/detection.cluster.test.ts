import assert from 'node:assert/strict'
import { RESOURCES, type Pod } from '@kubewise/kube'
import { systemClock } from '@kubewise/service'
import { eventually, skipWithout, findPrometheus } from '@kubewise/testkit'
import { FILLED_PCT_A_MINUTE, SLOW_LIMIT_SECONDS, VOLUME_NAME } from './detection/faults.ts'
import { playQuiet } from './detection/quiet.ts'
import { FAULTY, LATENCY_QUERY, QUIET, startStage, type Stage } from './detection/stage.ts'
import { anomaliesOf, incidentsOf, isOfQuiet, sayAnomaly, type ToldAnomaly } from './detection/told.ts'

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const prometheusUrl = process.env['PROM_URL'] ?? ''
const QUIET_MS = 300_000
/** From a fault's beginning to its limit, and to what is said of it, with room for a slow machine. */
const FAULT_MS = 480_000

describe('detection on a real cluster', () => {
  skipWithout(kubeconfigFile || undefined, 'KUBECONFIG is not set')
  skipWithout(prometheusUrl || undefined, 'PROM_URL is not set')
  const programs = skipWithout(findPrometheus(), 'no prometheus with promtool on this machine')
  const stopping = new AbortController()
  let stage: Stage | undefined
  let quietSinceMs = 0
  let quiet: Promise<number> | undefined

  before(async () => {
    stage = await startStage({ kubeconfigFile, prometheusUrl, programs, hasFaults: true })
    quietSinceMs = Date.now()
    quiet = playQuiet(stage.kube, QUIET, systemClock, stopping.signal)
    // Told where it is waited for.
    quiet.catch(() => undefined)
  })
  afterEach(function () {
    if (this.currentTest?.state === 'failed') process.stdout.write(`${stage?.services.output() ?? ''}\n`)
  })
  after(async () => {
    stopping.abort()
    await quiet?.catch(() => undefined)
    await stage?.[Symbol.asyncDispose]()
  })

  /** The first anomaly of a workload or claim by a rule. */
  async function found(name: string, rule: RegExp): Promise<ToldAnomaly> {
    const first = async () =>
      (await anomaliesOf(stage!.services.apiUrl))
        .filter(({ target }) => target.namespace === FAULTY && target.name === name)
        .findLast((anomaly) => rule.test(anomaly.rule.name))
    return eventually(first, { timeoutMs: FAULT_MS, everyMs: 2000, say: `${rule.source} of ${name} is told` })
  }

  /** Says how long after the faults' beginning it was found, and how long before the limit. */
  function tell(name: string, anomaly: ToldAnomaly, limitMs?: number): void {
    const seconds = (ms: number) => `${(ms / 1000).toFixed(0).padStart(5)} s`
    const left = limitMs === undefined ? '' : `, ${seconds(limitMs - anomaly.detectedMs)} before the limit`
    process.stdout.write(
      `${name.padEnd(10)} ${seconds(anomaly.detectedMs - stage!.faultMs)} after the fault${left}: ${sayAnomaly(anomaly)}\n`,
    )
    if (limitMs !== undefined) assert.ok(anomaly.detectedMs < limitMs, `${name} was found before its limit`)
  }

  it('finds a slow service before it is as slow as nobody waits for', async () => {
    const anomaly = await found('slow', /^service-level:/)
    const first = `min_over_time(timestamp(${LATENCY_QUERY} >= ${SLOW_LIMIT_SECONDS})[15m:5s])`
    const reached = async () => (await stage!.prometheus.ask(first))[0]?.value[1]
    const reachedSeconds = await eventually(reached, {
      timeoutMs: FAULT_MS,
      everyMs: 1000,
      say: 'the slow service reaches its limit',
    })
    tell('latency', anomaly, Number(reachedSeconds) * 1000)
    assert.equal(anomaly.severity, 'warning')
  })

  it('finds a memory leak before the kernel kills for it', async () => {
    const anomaly = await found('leak', /memory/)
    const killed = async () => {
      const { items } = await stage!.kube.list<Pod>(RESOURCES.Pod, { namespace: FAULTY, labelSelector: 'app=leak' })
      const [status] = items.flatMap(({ status: of }) => of?.containerStatuses ?? [])
      const death = status?.lastState?.terminated ?? status?.state?.terminated
      return death?.reason === 'OOMKilled' && Date.parse(String(death.finishedAt))
    }
    const killedMs = await eventually(killed, { timeoutMs: FAULT_MS, everyMs: 1000, say: 'the leak is killed' })
    tell('memory', anomaly, killedMs)
  })

  it('finds a filling volume before it is full, and says about when it will be', async () => {
    const anomaly = await found(VOLUME_NAME, /^volume-forecast$/)
    const free = await stage!.prometheus.ask(
      `100 * kubelet_volume_stats_available_bytes{namespace="${FAULTY}", persistentvolumeclaim="${VOLUME_NAME}"} / kubelet_volume_stats_capacity_bytes`,
    )
    const leftMs = (Number(free[0]!.value[1]) / FILLED_PCT_A_MINUTE) * 60_000
    tell('volume', anomaly, Date.now() + leftMs)
    const told = Number(anomaly.features['secondsLeft']) * 1000
    const real = Date.now() + leftMs - anomaly.detectedMs
    assert.ok(told > real / 2 && told < real * 2, `${told} ms were foretold, it will be ${real} ms`)
  })

  it('finds CPU throttling while the pods still run', async () => {
    const anomaly = await found('burn', /^cpu-throttled$/)
    assert.equal(anomaly.severity, 'warning')
    const { items } = await stage!.kube.list<Pod>(RESOURCES.Pod, { namespace: FAULTY, labelSelector: 'app=burn' })
    const restarts = items.flatMap(
      ({ status }) => status?.containerStatuses?.map(({ restartCount }) => restartCount) ?? [],
    )
    assert.deepEqual(restarts, [0, 0])
    tell('throttling', anomaly)
  })

  it('says nothing for five minutes of rollouts, scaling and Jobs', async () => {
    await systemClock.sleep(Math.max(0, quietSinceMs + QUIET_MS - Date.now()))
    stopping.abort()
    const changes = await quiet
    assert.ok(changes !== undefined && changes >= 6, 'all changes were made')
    const { apiUrl } = stage!.services
    assert.deepEqual((await anomaliesOf(apiUrl)).filter(isOfQuiet(QUIET)).map(sayAnomaly), [])
    assert.deepEqual((await incidentsOf(apiUrl)).filter(isOfQuiet(QUIET)), [])
  })
})
