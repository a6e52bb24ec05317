import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { every, type Clock } from '@kubewise/service'
import { createRoutes } from './http/routes.ts'
import { createSeriesStore, type Sample, type SeriesStore } from './series/series-store.ts'

export interface PrometheusOptions {
  /** All samples of the cluster at this instant, as its exporters would show them. */
  source: (nowMs: number) => Iterable<Sample>
  clock: Clock
  /** 0 takes a free port. */
  port?: number
  host?: string
  /** Time of the clock between two scrapes; default 5 s. */
  scrapeMs?: number
  /** Default 3 h. */
  retentionMs?: number
  onError?: (error: unknown) => void
}

export interface PrometheusServer {
  url: string
  store: SeriesStore
  stop(): Promise<void>
}

const SECOND_MS = 1000
const HOUR_MS = 3600 * SECOND_MS

/** A Prometheus that scrapes the simulated cluster by the simulated clock and answers queries over HTTP. */
export async function servePrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const { source, clock, port = 0, host = '127.0.0.1', scrapeMs = 5 * SECOND_MS, retentionMs = 3 * HOUR_MS } = options
  const store = createSeriesStore(retentionMs)
  const now = () => clock.now()
  const server = createServer(createRoutes(store, now, () => source(now())))
  server.listen(port, host)
  await once(server, 'listening')
  const ending = new AbortController()
  const scraping = every(
    clock,
    scrapeMs,
    ending.signal,
    () => {
      const nowMs = clock.now()
      store.scrape(nowMs, source(nowMs))
    },
    options.onError ?? (() => {}),
  )
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    store,
    async stop() {
      ending.abort()
      await scraping
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
