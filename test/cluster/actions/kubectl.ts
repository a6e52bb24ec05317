import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** kubectl as a person uses it. @returns what it prints. @throws Error with its own words */
export async function kubectl(kubeconfigFile: string, namespace: string, ...args: string[]): Promise<string> {
  const where = namespace === '' ? [] : ['--namespace', namespace]
  const { stdout } = await run('kubectl', ['--kubeconfig', kubeconfigFile, ...where, ...args], { timeout: 30_000 })
  return stdout
}
