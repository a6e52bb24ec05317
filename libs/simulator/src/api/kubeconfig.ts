import { stringify } from 'yaml'

/** A kubeconfig for a plain HTTP server: clients that insist on TLS are told not to. */
export function kubeconfigFor(url: string, token: string): string {
  const name = 'simulator'
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  })
}
