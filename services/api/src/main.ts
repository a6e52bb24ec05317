import { connectBus } from '@kubewise/bus'
import { circuitsBy, closing, recordLocation, run, untilUp } from '@kubewise/service'
import { guardStore, openStore } from '@kubewise/store'
import { createApi } from './app.ts'
import { readConfig } from './config.ts'

await run('api', readConfig, async (kit, config) => {
  const circuits = circuitsBy(config, kit)
  const bus = await untilUp('nats', () => connectBus({ url: config.NATS_URL, name: 'api', ...kit }), kit)
  const store = guardStore(await untilUp('record', () => openStore(recordLocation(config), kit), kit), circuits)
  return closing(createApi({ ...kit, bus, store }, config), bus, store)
})
