import { connectBus } from '@kubewise/bus'
import { connectKube, guardKube } from '@kubewise/kube'
import { circuitsBy, closing, run, untilUp } from '@kubewise/service'
import { createCollector } from './app.ts'
import { readConfig } from './config.ts'
import { lazyRecord } from './lazy-record.ts'

await run('collector', readConfig, async (kit, config) => {
  const circuits = circuitsBy(config, kit)
  const bus = await untilUp('nats', () => connectBus({ url: config.NATS_URL, name: 'collector', ...kit }), kit)
  const kube = await untilUp('cluster', () => connectKube({ fieldManager: 'kubewise', ...kit }), kit)
  const record = lazyRecord(config, kit, circuits)
  return closing(createCollector({ ...kit, bus, record, kube: guardKube(kube, circuits) }, config), bus, record)
})
