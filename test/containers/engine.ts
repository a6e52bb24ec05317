import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

/** Testcontainers' own janitor is an image more to pull; these tests remove what they start. */
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'

export const NO_ENGINE = 'no Docker engine answers (docker info)'
export const NO_COMPOSE = 'no Docker engine with docker compose answers'
export const ROOT = new URL('../..', import.meta.url).pathname

const answers = (...args: string[]) => spawnSync('docker', args, { stdio: 'ignore' }).status === 0

let known: boolean | undefined

/** True where a Docker engine answers, undefined where none does, for `skipWithout`. */
export function findEngine(): true | undefined {
  known ??= answers('info')
  return known || undefined
}

export const findCompose = (): true | undefined => (findEngine() && answers('compose', 'version')) || undefined

const MOST_OUTPUT = 64 * 1024 ** 2
const run = promisify(execFile)

export interface CommandOptions {
  cwd?: string
  env?: Record<string, string>
}

/** Runs a program to its end. @returns its stdout @throws Error with all that it printed, where it fails */
export async function command(
  program: string,
  args: readonly string[],
  { cwd = ROOT, env = {} }: CommandOptions = {},
): Promise<string> {
  try {
    const { stdout } = await run(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: MOST_OUTPUT })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${program} ${args.join(' ')}: ${(error as Error).message}\n${stdout ?? ''}${stderr ?? ''}`, {
      cause: error,
    })
  }
}

export const docker = (args: readonly string[], options?: CommandOptions) => command('docker', args, options)
