import { randomUUID } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import { createSealer, keptHeadsBeside, openSigner, type Sealer } from '@kubewise/audit'
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
import { isReceiverIll } from './tell/deliver.ts'
import { endAlerts } from './tell/end-alerts.ts'
import { createOutlet, RETELL_MS, type Outlet } from './tell/outlet.ts'
import { createTeller } from './tell/teller.ts'
import { createWorker, type Worker } from './worker.ts'

export { readConfig } from './config.ts'
export type { Ports } from './runtime.ts'

const SWEEP_EVERY_MS = 5000

/** Carries out plans that may be, one remediation per target at a time, and takes back what did not help. */
export function createExecutor(ports: Ports, config: Config): Service {
  const { bus, log, clock, health } = ports
  const stopping = new AbortController()
  const signal = AbortSignal.any([ports.signal, stopping.signal])
  const { auditKeyFile, cluster } = optionsOf(config)
  const own = ports.openSigner ? {} : { kept: keptHeadsBeside(auditKeyFile) }
  const sealer = createSealer({ openSigner: () => openSigner(auditKeyFile), ...own, ...ports, cluster, writer: WRITER })
  const runtime = runtimeOf(ports, config, { outlets: outletsOf(ports, config, stopping.signal), sealer })
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
      sealer.start()
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
        async () => {
          await retell(runtime)
          await endAlerts(runtime)
        },
        (error) => log.warn({ err: error }, 'what was not told could not be looked for'),
      )
      log.info({ cluster, mode: runtime.options.mode }, 'executing')
    },
    async stop() {
      stopping.abort(new Error('the executor is stopping'))
      await hints?.stop()
      await Promise.all([sweeping, retelling])
      await worker.drain()
      await runtime.teller.drain()
      await sealer.stop()
      runtime.teller.stop()
    },
  }
}

async function swept(worker: Worker, { health }: Ports): Promise<void> {
  await worker.sweep()
  health.set('sweeper', 'ready', { ok: true, say: 'the record is swept' })
}

/** Each receiver has a circuit of its own: one that is ill does not silence the others. */
function outletsOf(ports: Ports, config: Config, signal: AbortSignal): Outlet[] {
  return config.receivers.map((receiver) => {
    const target = receiver.name === 'webhook' ? 'webhook' : `receiver-${receiver.name}`
    const circuit = createBreaker(target, { ...breakerOptions(config), isFailure: isReceiverIll }, ports)
    return createOutlet(receiver, { ...ports, signal, circuit })
  })
}

function runtimeOf(
  ports: Ports,
  config: Config,
  { outlets, sealer }: { outlets: readonly Outlet[]; sealer: Sealer },
): Runtime {
  const { store, bus, clock, log, metrics } = ports
  const options = optionsOf(config)
  const holder = `executor-${randomUUID()}`
  const record = recordOf(store)
  const receivers = outlets.map(({ name }) => name)
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
    auditDoubt: () => sealer.doubt(),
    audit: createAuditChain({ store, bus, clock, log, cluster: options.cluster, holder, sealer }),
    figures: createFigures(metrics),
    dependents: createDependents(ports),
    teller: createTeller({
      events,
      outlets,
      onEndTold: (plan, status, receiver) => noteTold(record, plan, status, receiver, receivers),
    }),
  }
}
