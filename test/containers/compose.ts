import { freePort, type TemporaryFolder } from '@kubewise/testkit'
import { cleanCheckout } from './checkout.ts'
import { docker, type CommandOptions } from './engine.ts'

/** One container as `docker compose ps` tells it. */
export interface ContainerState {
  Service: string
  State: string
  Health: string
  Publishers: { URL: string; PublishedPort: number; TargetPort: number }[] | null
}

/** The installation of docker-compose.yml, from a clean checkout, beside any other on the machine. */
export interface Installation extends AsyncDisposable {
  /** Of the api. */
  readonly url: string
  compose(...args: string[]): Promise<string>
  /** Runs a program in a container. @returns its stdout */
  exec(service: string, ...program: string[]): Promise<string>
  containers(): Promise<ContainerState[]>
  /** The last lines of all containers, for a person who reads why a test failed. */
  logs(): Promise<string>
}

const WAIT_SECONDS = 300
/** Said again, so that the tester's own environment changes nothing. */
const DEFAULTS = { KUBEWISE_MODE: 'auto', KUBEWISE_API_TOKENS: 'docs/compose/api-tokens', LOG_LEVEL: 'info' }

/** Builds the image and brings everything up; resolves when every container is healthy. @throws with all logs when one is not */
export async function install(): Promise<Installation> {
  const checkout = await cleanCheckout()
  const port = await freePort()
  const name = `kubewise-test-${process.pid}`
  const image = `${name}:image`
  const options: CommandOptions = {
    cwd: checkout.path,
    env: { ...DEFAULTS, KUBEWISE_IMAGE: image, KUBEWISE_PORT: String(port) },
  }
  const compose = (...args: string[]) => docker(['compose', '--project-name', name, ...args], options)
  const installation: Installation = {
    url: `http://127.0.0.1:${port}`,
    compose,
    exec: (service, ...program) => compose('exec', '-T', service, ...program),
    containers: async () => linesOf(await compose('ps', '--all', '--format', 'json')),
    logs: () => compose('logs', '--no-color', '--tail', '40'),
    [Symbol.asyncDispose]: () => remove(compose, image, checkout),
  }
  try {
    await docker(['build', '--tag', image, '.'], options)
    await compose('up', '--detach', '--wait', '--wait-timeout', String(WAIT_SECONDS))
  } catch (error) {
    const logs = await installation.logs().catch(() => '')
    await installation[Symbol.asyncDispose]()
    throw new Error(`${(error as Error).message}\n${logs}`, { cause: error })
  }
  return installation
}

async function remove(compose: Installation['compose'], image: string, checkout: TemporaryFolder): Promise<void> {
  await compose('down', '--volumes', '--timeout', '5')
  await docker(['rmi', '--force', image])
  await checkout[Symbol.asyncDispose]()
}

/** Older releases print one list, newer ones an object on each line. */
function linesOf(text: string): ContainerState[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => JSON.parse(line) as ContainerState | ContainerState[])
}
