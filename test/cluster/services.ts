import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually, freePort, startNats, startProcess, temporaryFolder, type ServerProcess } from '@kubewise/testkit'

const NAMES = ['collector', 'detector', 'planner', 'executor', 'api'] as const
export type ServiceName = (typeof NAMES)[number]

export interface Services extends AsyncDisposable {
  apiUrl: string
  natsUrl: string
  /** Of the record, for looking at it beside the API. */
  storeFile: string
  process(name: ServiceName): ServerProcess
  output(): string
}

export interface ServicesOptions {
  kubeconfig: string
  prometheusUrl: string
  mode: 'observe' | 'approve' | 'auto'
  env?: Partial<Record<ServiceName, Record<string, string>>>
  only?: readonly ServiceName[]
}

/** Is a service ready? */
const isReady = (adminPort: number) =>
  fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
    (response) => response.ok,
    () => false,
  )

/** KubeWise as it is run in earnest: five processes, a nats-server and a record of their own. */
export async function startServices({
  kubeconfig,
  prometheusUrl,
  mode,
  env = {},
  only = NAMES,
}: ServicesOptions): Promise<Services> {
  await using held = new AsyncDisposableStack()
  const folder = held.use(await temporaryFolder()).path
  const nats = held.use(await startNats())
  const kubeconfigFile = join(folder, 'kubeconfig')
  await writeFile(kubeconfigFile, kubeconfig, { mode: 0o600 })
  const port = await freePort()
  const storeFile = join(folder, 'record.sqlite')
  const common = {
    PATH: process.env['PATH'] ?? '',
    NATS_URL: nats.url,
    KUBECONFIG: kubeconfigFile,
    PROM_URL: prometheusUrl,
    KUBEWISE_MODE: mode,
    KUBEWISE_CLUSTER: 'test',
    KUBEWISE_HOME: folder,
    KUBEWISE_STORE: `sqlite:${storeFile}`,
    PORT: String(port),
    LOG_LEVEL: 'info',
  }
  const processes = new Map<ServiceName, ServerProcess>()
  await Promise.all(
    only.map(async (name) => {
      const adminPort = await freePort()
      const options = [
        ...Object.entries({ ...common, ADMIN_PORT: String(adminPort), ...env[name] }).map(
          ([key, value]) => `${key}=${value}`,
        ),
        process.execPath,
        `services/${name}/src/main.ts`,
      ]
      const up = async (output: () => string) =>
        void (await eventually(() => isReady(adminPort), {
          timeoutMs: 60_000,
          say: `${name} is ready: ${output().slice(-2000)}`,
        }))
      processes.set(
        name,
        held.use(await startProcess(() => ({ program: '/usr/bin/env', options: ['-i', ...options], up }))),
      )
    }),
  )
  const kept = held.move()
  return {
    apiUrl: `http://127.0.0.1:${port}`,
    natsUrl: nats.url,
    storeFile,
    process: (name) => processes.get(name)!,
    output: () => [...processes].map(([name, process]) => `--- ${name}\n${process.output()}`).join('\n'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
