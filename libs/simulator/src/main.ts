/** The simulated cluster as a process of its own, for `docker compose up`: see config.ts for what it reads. */
import { run } from '@kubewise/service'
import { createSimulatedCluster } from './app.ts'
import { readConfig } from './config.ts'

await run('simulator', readConfig, (kit, config) => createSimulatedCluster(kit, config))
