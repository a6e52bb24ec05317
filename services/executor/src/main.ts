import { connectBus } from '@kubewise/bus'
import { connectKube, guardKube } from '@kubewise/kube'
import { circuitsBy, closing, recordLocation, run, untilUp } from '@kubewise/service'
import { guardStore, openStore } from '@kubewise/store'
import { createExecutor } from './app.ts'
import { readConfig } from './config.ts'

await run('executor', readConfig, async (kit, config) => {
  const circuits = circuitsBy(config, kit)
  const bus = await untilUp('nats', () => connectBus({ url: config.NATS_URL, name: 'executor', ...kit }), kit)
  const store = await untilUp('record', () => openStore(recordLocation(config), kit), kit)
  const kube = await untilUp('cluster', () => connectKube({ fieldManager: 'kubewise-executor', ...kit }), kit)
  const guarded = { store: guardStore(store, circuits), kube: guardKube(kube, circuits) }
  return closing(createExecutor({ ...kit, bus, ...guarded }, config), bus, guarded.store)
})
