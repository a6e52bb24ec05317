import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { METRICS } from '@kubewise/metrics'
import { eventually, freePort, startProcess, temporaryFolder, type PrometheusPrograms } from '@kubewise/testkit'
import { historyOf, type Past, type RawSeries } from './history.ts'

/** A pod whose `/metrics.txt` is scraped through the API server, whatever network the test is in. */
export interface ScrapedPod {
  kubeconfig: string
  namespace: string
  pod: string
  port: number
  /** What its series are about. */
  labels: Readonly<Record<string, string>>
}

export interface OwnPrometheus extends AsyncDisposable {
  url: string
  /** What a query gives now: each series' labels and value. @throws where Prometheus does not answer */
  ask(query: string): Promise<{ metric: Record<string, string>; value: [seconds: number, value: string] }[]>
  /**
   * Gives the series of some namespaces a past, as if what they do now had gone on for hours. Series that there will be later have none.
   */
  remember(namespaces: readonly string[], past: Past): Promise<void>
}

interface KubeconfigFile {
  clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[]
  users: { user: { token: string } }[]
}

/** What collecting goes by, and nothing else: a past of it all would take minutes to write. */
const COLLECTED = [
  ...new Set(METRICS.flatMap(({ query }) => query.match(/\b(?:container|kube|kubelet)_[a-z_]+/g) ?? [])),
]
const FEDERATED = '{__name__=~"(container|kube|kubelet_volume|node|coredns)_.*"}'
const run = promisify(execFile)

/**
 * A real Prometheus of the test's own, since a past cannot be put into the cluster's: it takes over what that one scrapes, every 5 s, and
 * scrapes a pod of the test's.
 *
 * @param scraped absent where no pod is
 */
export async function startOwnPrometheus(
  programs: PrometheusPrograms,
  clusterUrl: string,
  scraped?: ScrapedPod,
): Promise<OwnPrometheus> {
  await using held = new AsyncDisposableStack()
  const folder = held.use(await temporaryFolder()).path
  const data = join(folder, 'data')
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const config = join(folder, 'prometheus.json')
  const jobs = [jobOfCluster(clusterUrl), ...(scraped ? [await jobOfPod(folder, scraped)] : [])]
  // YAML is a superset of JSON.
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '5s' }, scrape_configs: jobs }))
  const server = held.use(
    await startProcess(() => ({
      program: programs.prometheus,
      options: [
        `--config.file=${config}`,
        `--web.listen-address=${address}`,
        `--storage.tsdb.path=${data}`,
        '--log.level=error',
      ],
      up: () => untilReady(url),
    })),
  )

  async function query<T>(text: string): Promise<T[]> {
    const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: text }) })
    if (!response.ok) throw new Error(`${text}: Prometheus answers ${response.status} ${await response.text()}`)
    return ((await response.json()) as { data: { result: T[] } }).data.result
  }

  async function remember(namespaces: readonly string[], past: Past): Promise<void> {
    const names = [...COLLECTED, 'request_seconds_bucket'].join('|')
    const series = await query<RawSeries>(`{__name__=~"${names}", namespace=~"${namespaces.join('|')}"}[5m]`)
    const up = await query<RawSeries>('up{job="cluster"}[5m]')
    const file = join(folder, 'history.txt')
    await writeFile(file, historyOf([...series, ...up], past))
    // Straight into its folder: a start reads blocks that are new, and its own log of what it has scraped.
    await run(programs.promtool, ['tsdb', 'create-blocks-from', 'openmetrics', file, data], { maxBuffer: 2 ** 26 })
    await rm(file)
    await server.restart()
  }

  const kept = held.move()
  return { url, ask: query, remember, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const jobOfCluster = (clusterUrl: string) => {
  const { host, protocol, pathname } = new URL(clusterUrl)
  return {
    job_name: 'cluster',
    honor_labels: true,
    // With times of its own a series that ends would be seen for five minutes more.
    honor_timestamps: false,
    scheme: protocol.slice(0, -1),
    metrics_path: `${pathname.replace(/\/$/, '')}/federate`,
    params: { 'match[]': [FEDERATED] },
    static_configs: [{ targets: [host] }],
  }
}

async function jobOfPod(folder: string, { kubeconfig, namespace, pod, port, labels }: ScrapedPod): Promise<object> {
  const { clusters, users } = JSON.parse(kubeconfig) as KubeconfigFile
  const [{ cluster }, { user }] = [clusters[0]!, users[0]!]
  const { host } = new URL(cluster.server)
  const [authority, token] = [join(folder, 'ca.crt'), join(folder, 'token')]
  await writeFile(authority, Buffer.from(cluster['certificate-authority-data'] ?? '', 'base64'))
  await writeFile(token, user.token, { mode: 0o600 })
  return {
    job_name: 'pod',
    scheme: 'https',
    metrics_path: `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy/metrics.txt`,
    authorization: { credentials_file: token },
    tls_config: { ca_file: authority },
    static_configs: [{ targets: [host], labels }],
  }
}

async function untilReady(url: string): Promise<void> {
  await eventually(async () => (await fetch(`${url}/-/ready`)).ok, { timeoutMs: 60_000, say: 'Prometheus is ready' })
}
