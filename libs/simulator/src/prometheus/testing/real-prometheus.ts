import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, freePort, startProcess, temporaryFolder, type PrometheusPrograms } from '@kubewise/testkit'

export interface RealPrometheus extends AsyncDisposable {
  url: string
}

/** A real Prometheus over the given samples (OpenMetrics text), on a free port. It scrapes nothing. */
export async function startPrometheus(programs: PrometheusPrograms, openMetrics: string): Promise<RealPrometheus> {
  const folder = await temporaryFolder()
  const [metrics, data, config] = [
    join(folder.path, 'metrics.txt'),
    join(folder.path, 'data'),
    join(folder.path, 'c.yml'),
  ]
  writeFileSync(metrics, openMetrics)
  writeFileSync(config, 'global: {}\n')
  execFileSync(programs.promtool, ['tsdb', 'create-blocks-from', 'openmetrics', metrics, data])
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const server = await startProcess(() => ({
    program: programs.prometheus,
    options: [
      `--config.file=${config}`,
      `--web.listen-address=${address}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      '--log.level=error',
    ],
    up: () => untilReady(url),
  }))
  return {
    url,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function untilReady(url: string): Promise<void> {
  await eventually(async () => (await fetch(`${url}/-/ready`)).ok, { timeoutMs: 30_000, say: 'Prometheus is ready' })
}
