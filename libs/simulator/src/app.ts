import { scaledClock, type Kit, type Service } from '@kubewise/service'
import type { Config } from './config.ts'
import { serveControl } from './control.ts'
import { createSimulator } from './simulator.ts'
import { demoManifests } from './world/demo/manifests.ts'

/** A simulated cluster with the shop of the demo in it, and a port on which it is told what to break. */
export function createSimulatedCluster(kit: Kit, config: Config): Service {
  const { log, health } = kit
  const held = new AsyncDisposableStack()
  return {
    name: 'simulator',
    health,
    async start() {
      const simulator = await createSimulator({
        clock: config.CLOCK_FACTOR === 1 ? kit.clock : scaledClock(config.CLOCK_FACTOR),
        log,
        host: config.HOST,
        port: config.PORT,
        prometheusPort: config.PROM_PORT,
        seed: config.SEED,
      })
      held.defer(() => simulator.stop())
      simulator.apply(demoManifests())
      const control = held.use(await serveControl({ simulator, log, port: config.CONTROL_PORT }))
      log.info({ kubernetes: simulator.url, prometheus: simulator.prometheusUrl, control: control.port }, 'listening')
    },
    stop: () => held.disposeAsync(),
  }
}
