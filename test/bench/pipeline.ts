import { eventually } from '@kubewise/testkit'
import { collectorAndDetector } from './collector-and-detector.ts'
import { deathToPlan } from './death-to-plan.ts'

const PODS = 5000
const QUERIES = 20
const WARM_UP_MS = 4000
const MEASURED_MS = 12_000

/**
 * Collector and detector in one process, with a real nats-server and HTTP between: what one core can carry. The CPU of both is
 * counted (user and system, this whole process), that of the nats-server and of the Prometheus stand-in is not.
 */
export async function throughput(tell: (say: string) => void): Promise<number> {
  await using both = await collectorAndDetector(
    { pods: PODS, metrics: QUERIES, interval: '1s' },
    { KUBEWISE_HISTORY_SECONDS: '0' },
  )
  await both.start()
  await eventually(async () => (await both.scored()) > PODS * QUERIES * 2, {
    timeoutMs: 120_000,
    say: 'every series has been scored',
  })
  await both.sleep(WARM_UP_MS)
  tell('measuring throughput…')
  const before = { scored: await both.scored(), cpu: process.cpuUsage() }
  await both.sleep(MEASURED_MS)
  const { user, system } = process.cpuUsage(before.cpu)
  return Math.round(((await both.scored()) - before.scored) / ((user + system) / 1e6))
}

export async function pipeline(tell: (say: string) => void) {
  const samplesPerSecondPerCore = await throughput(tell)
  const deathToPlanMs = await deathToPlan(tell)
  return {
    figures: { samplesPerSecondPerCore, deathToPlanMs },
    gates: { samplesPerSecondPerCore: 100_000, deathToPlanMs: 2000 },
    measured: `${PODS * QUERIES} series polled each second, HTTP, NATS and validation included; CPU of collector and detector together. From a container’s second death to the plan: median of 20, simulator in real time.`,
  }
}
