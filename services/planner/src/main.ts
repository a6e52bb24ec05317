import { connectBus } from '@kubewise/bus'
import { connectKube } from '@kubewise/kube'
import { closing, recordLocation, run, untilUp } from '@kubewise/service'
import { openStore } from '@kubewise/store'
import { createPlanner } from './app.ts'
import { readConfig } from './config.ts'

await run('planner', readConfig, async (kit, config) => {
  const bus = await untilUp('nats', () => connectBus({ url: config.NATS_URL, name: 'planner', ...kit }), kit)
  const store = await untilUp('record', () => openStore(recordLocation(config), kit), kit)
  const kube = await untilUp('cluster', () => connectKube({ fieldManager: 'kubewise', ...kit }), kit)
  return closing(createPlanner({ ...kit, bus, store, kube }, config), bus, store)
})
