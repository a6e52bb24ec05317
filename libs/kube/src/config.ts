import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** Where the access to the cluster is described. */
export type KubeconfigSource =
  | { kind: 'text'; text: string }
  /** Merged as kubectl does: the first file that names a thing wins. */
  | { kind: 'files'; paths: string[]; from: string }
  | { kind: 'in-cluster' }
  | { kind: 'none'; searched: string }

function isText(kubeconfig: string): boolean {
  return kubeconfig.includes('\n') || kubeconfig.trimStart().startsWith('{')
}

/**
 * Finds the kubeconfig in kubectl's order: what was given (a path, several joined by the path delimiter, or the YAML
 * itself), `KUBECONFIG`, `~/.kube/config`, the pod's own service account.
 */
export function locateKubeconfig(given?: string, env: NodeJS.ProcessEnv = process.env): KubeconfigSource {
  if (given !== undefined && given !== '') {
    if (isText(given)) return { kind: 'text', text: given }
    return { kind: 'files', paths: given.split(path.delimiter).filter(Boolean), from: 'the configuration' }
  }
  const fromEnv = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter(Boolean)
  if (fromEnv.length > 0) return { kind: 'files', paths: fromEnv, from: 'KUBECONFIG' }
  const home = path.join(env['HOME'] ?? homedir(), '.kube', 'config')
  if (existsSync(home)) return { kind: 'files', paths: [home], from: 'the home folder' }
  if (existsSync(SERVICE_ACCOUNT_TOKEN) && env['KUBERNETES_SERVICE_HOST']) return { kind: 'in-cluster' }
  return { kind: 'none', searched: `KUBECONFIG is not set, ${home} does not exist, and this is not a pod` }
}
