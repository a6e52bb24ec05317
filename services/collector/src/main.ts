import { connectBus } from '@kubewise/bus'
import { connectKube } from '@kubewise/kube'
import { closing, run, untilUp } from '@kubewise/service'
import { createCollector } from './app.ts'
import { readConfig } from './config.ts'

await run('collector', readConfig, async (kit, config) => {
  const bus = await untilUp('nats', () => connectBus({ url: config.NATS_URL, name: 'collector', ...kit }), kit)
  const kube = await untilUp('cluster', () => connectKube({ fieldManager: 'kubewise', ...kit }), kit)
  return closing(createCollector({ ...kit, bus, kube }, config), bus)
})
