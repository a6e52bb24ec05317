import { randomUUID } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import { createSealer, openSigner, type Sealer } from '@kubewise/audit'
import type { Consumption } from '@kubewise/bus'
import { BUCKETS, CONSUMERS, decodePlanHint, STREAMS } from '@kubewise/contracts'
import { createEventRecorder } from '@kubewise/kube'
import { breakerOptions, createBreaker, every, type Service } from '@kubewise/service'
import { createAuditChain, WRITER } from './audit-chain.ts'
import { createBuckets } from './buckets.ts'
import { optionsOf, type Config } from './config.ts'
import { createDependents } from './context/dependents.ts'
import { createStormWatch } from './context/storm.ts'
import { createUnderWayReader } from './context/under-way.ts'
import { createFigures } from './figures.ts'
import { recordOf, type Ports, type Runtime } from './runtime.ts'
import { noteTold, retell } from './tell/retell.ts'
import { createTeller, RETELL_MS } from './tell/teller.ts'
import { isReceiverIll, type Webhook } from './tell/webhook.ts'
import { createWorker, type Worker } from './worker.ts'

export { readConfig } from './config.ts'
export type { Ports } from './runtime.ts'

const SWEEP_EVERY_MS = 5000

/** Carries out plans that may be, one remediation per target at a time, and takes back what did not help. */
export function createExecutor(ports: Ports, config: Config): Service {
  const { bus, log, clock, health } = ports
  const stopping = new AbortController()
  const signal = AbortSignal.any([ports.signal, stopping.signal])
  const webhook = webhookOf(ports, config)
  const { auditKeyFile, cluster } = optionsOf(config)
  const sealer = createSealer({ openSigner: () => openSigner(auditKeyFile), ...ports, cluster, writer: WRITER })
  const runtime = runtimeOf(ports, config, { signal: stopping.signal, webhook, sealer })
  const stormWatch = createStormWatch({ ...ports, incidents: runtime.record.incidents, cluster })
  const worker = createWorker({ runtime, stormWatch, stopping: signal })
  let hints: Consumption | undefined
  let sweeping: Promise<void> | undefined
  let retelling: Promise<void> | undefined

  return {
    name: 'executor',
    health,
    async start() {
      const report = await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
      for (const difference of report.differences) log.warn(difference, 'the bus accepted something else')
      hints = bus.consume(CONSUMERS.executor, decodePlanHint, async ({ body }) => {
        if (body.target.cluster === cluster) await worker.look(body.plan)
        return { do: 'ack' }
      })
      sweeping = every(
        clock,
        SWEEP_EVERY_MS,
        signal,
        () => swept(worker, ports),
        (error) => {
          health.set('sweeper', 'ready', { ok: false, say: 'the record cannot be swept' })
          log.warn({ err: error }, 'sweep failed')
        },
      )
      retelling = every(
        clock,
        RETELL_MS,
        signal,
        () => retell(runtime),
        (error) => log.warn({ err: error }, 'what was not told could not be looked for'),
      )
      sealer.start()
      log.info({ cluster, mode: runtime.options.mode }, 'executing')
    },
    async stop() {
      stopping.abort(new Error('the executor is stopping'))
      await hints?.stop()
      await Promise.all([sweeping, retelling])
      await worker.drain()
      await runtime.teller.drain()
      await sealer.stop()
      webhook?.circuit.stop()
    },
  }
}

async function swept(worker: Worker, { health }: Ports): Promise<void> {
  await worker.sweep()
  health.set('sweeper', 'ready', { ok: true, say: 'the record is swept' })
}

function webhookOf(ports: Ports, config: Config): Webhook | undefined {
  const { webhook } = optionsOf(config)
  if (!webhook) return undefined
  const circuit = createBreaker('webhook', { ...breakerOptions(config), isFailure: isReceiverIll }, ports)
  return { ...webhook, circuit }
}

function runtimeOf(
  ports: Ports,
  config: Config,
  { signal, webhook, sealer }: { signal: AbortSignal; webhook: Webhook | undefined; sealer: Sealer },
): Runtime {
  const { store, bus, clock, log, metrics } = ports
  const options = optionsOf(config)
  const holder = `executor-${randomUUID()}`
  const record = recordOf(store)
  const events = createEventRecorder({ ...ports, reportingInstance: holder })
  return {
    // A link that leads nowhere is there: only a file that is not there at all means running.
    readText: async (path) => ((await lstat(path)).isSymbolicLink() ? 'it is a link' : readFile(path, 'utf8')),
    ...ports,
    options,
    holder,
    record,
    bucket: createBuckets(bus),
    underWay: createUnderWayReader(record.executions, options.cluster, clock),
    audit: createAuditChain({ store, bus, clock, log, cluster: options.cluster, holder, sealer }),
    figures: createFigures(metrics),
    dependents: createDependents(ports),
    teller: createTeller({
      clock,
      log,
      metrics,
      signal,
      events,
      webhook,
      onEndTold: (plan) => noteTold(record, plan),
    }),
  }
}
