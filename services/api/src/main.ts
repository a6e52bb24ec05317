import { connectBus } from '@kubewise/bus'
import { closing, recordLocation, run, untilUp } from '@kubewise/service'
import { openStore } from '@kubewise/store'
import { createApi } from './app.ts'
import { readConfig } from './config.ts'

await run('api', readConfig, async (kit, config) => {
  const bus = await untilUp('nats', () => connectBus({ url: config.NATS_URL, name: 'api', ...kit }), kit)
  const store = await untilUp('record', () => openStore(recordLocation(config), kit), kit)
  return closing(createApi({ ...kit, bus, store }, config), bus, store)
})
