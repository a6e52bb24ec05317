import type { Agent } from 'node:http'
import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '@kubewise/service'
import { locateKubeconfig, type KubeconfigSource } from './config.ts'
import { cleanText, KubeError } from './errors.ts'
import { readKubeconfig, type SelectedContext } from './kubeconfig.ts'

/** What one request needs to be let in. */
export interface Credentials {
  headers: Record<string, string>
  tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'>
  /** Present only when the cluster is reached through a proxy. */
  proxy?: Agent
}

/** The way into one cluster: its address and, for each request anew, its credentials. */
export interface ClusterAccess {
  readonly context: string
  readonly server: URL
  /** May run a plugin or read a file. @throws KubeError `unauthorized` */
  authorize(): Promise<Credentials>
  /** The server said 401: read kubeconfig, tokens and certificates anew before the next request. */
  forget(): void
}

const SHORTEST_RELOAD_MS = 5_000

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function serverOf(address: unknown, isTlsOptional: boolean): URL {
  const bad = (why: string) =>
    new KubeError({ kind: 'invalid', reason: 'BadKubeconfig', message: `kubeconfig: cluster server ${why}` })
  if (typeof address !== 'string' || !URL.canParse(address)) throw bad(`expected a URL, got "${String(address)}"`)
  const url = new URL(address)
  if (url.protocol === 'https:') return url
  if (url.protocol !== 'http:') throw bad(`expected https, got "${url.protocol}"`)
  if (isTlsOptional || isLoopback(url.hostname)) return url
  throw bad(`${url.origin}: plain HTTP is allowed only to this machine, or with insecure-skip-tls-verify: true`)
}

/** client-node knows `token-file` only, reads it once, and does not tell a plugin what it is asked for; kubectl does all three. */
function translateUser(user: Record<string, unknown>): Record<string, unknown> {
  const { tokenFile, exec, ...rest } = user
  if (typeof tokenFile === 'string') {
    delete rest['token']
    return { ...rest, 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }
  }
  if (typeof exec !== 'object' || exec === null) return rest
  const plugin = exec as { apiVersion?: string; env?: unknown }
  const info = { kind: 'ExecCredential', apiVersion: plugin.apiVersion, spec: { interactive: false } }
  const env = Array.isArray(plugin.env) ? (plugin.env as unknown[]) : []
  return { ...rest, exec: { ...plugin, env: [...env, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }] } }
}

function fromSelected(selected: SelectedContext): { config: KubeConfig; server: URL } {
  const server = serverOf(selected.cluster['server'], selected.cluster['insecure-skip-tls-verify'] === true)
  // The package refuses plain HTTP unless verification is off; loopback has been allowed above.
  const isPlain = server.protocol === 'http:'
  const cluster = isPlain ? { ...selected.cluster, 'insecure-skip-tls-verify': true } : selected.cluster
  // Without a user the package applies no TLS settings at all, so an anonymous one stands in.
  const user = selected.userName === '' ? 'anonymous' : selected.userName
  const config = new KubeConfig()
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: selected.clusterName, cluster }],
      users: [{ name: user, user: translateUser(selected.user) }],
      contexts: [{ name: selected.context, context: { cluster: selected.clusterName, user } }],
      'current-context': selected.context,
    }),
  )
  return { config, server }
}

function fromPod(context: string | undefined): { config: KubeConfig; server: URL } {
  if (context !== undefined) {
    throw new KubeError({
      kind: 'invalid',
      reason: 'BadKubeconfig',
      message: `context "${context}" was asked for, but there is no kubeconfig: this is a pod with its own service account`,
    })
  }
  const config = new KubeConfig()
  config.loadFromCluster()
  return { config, server: serverOf(config.getCurrentCluster()?.server, false) }
}

function load(
  source: KubeconfigSource,
  context: string | undefined,
): { config: KubeConfig; server: URL; name: string } {
  switch (source.kind) {
    case 'none':
      throw new KubeError({
        kind: 'invalid',
        reason: 'NoKubeconfig',
        message: `no way into a cluster: ${source.searched}`,
      })
    case 'in-cluster':
      return { ...fromPod(context), name: 'in-cluster' }
    default: {
      const selected = readKubeconfig(source, context)
      return { ...fromSelected(selected), name: selected.context }
    }
  }
}

/** A JSON parser's message quotes what it read, here a plugin's output: a token. */
function whyNot(error: unknown): string {
  if (error instanceof SyntaxError) return 'the credential plugin did not answer with JSON'
  return cleanText(error instanceof Error ? error.message : String(error), 300)
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = { headers: {} }
  await config.applyToHTTPSOptions(options)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file usually ends in a line feed, which is not allowed in a header.
    headers[name] = String(value).trim()
  }
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options
  const tls = Object.fromEntries(
    Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(
      ([, value]) => value !== undefined && value !== null,
    ),
  )
  const hasProxy = config.getCurrentCluster()?.proxyUrl !== undefined
  return hasProxy && typeof options.agent === 'object' ? { headers, tls, proxy: options.agent } : { headers, tls }
}

/**
 * Opens the way into a cluster; no network is touched.
 *
 * @param kubeconfig path (or several, joined as in KUBECONFIG) or the YAML itself; else as kubectl finds it
 * @throws KubeError `invalid` for a kubeconfig that is absent, broken, or has no such context
 */
export function openAccess(kubeconfig: string | undefined, context: string | undefined, clock: Clock): ClusterAccess {
  const source = locateKubeconfig(kubeconfig)
  let current = load(source, context)
  let isForgotten = false
  let reloadedMs = clock.monotonic()

  function reload(): void {
    if (!isForgotten || clock.monotonic() - reloadedMs < SHORTEST_RELOAD_MS) return
    isForgotten = false
    reloadedMs = clock.monotonic()
    current = { ...load(source, context), server: current.server }
  }

  return {
    context: current.name,
    server: current.server,
    async authorize() {
      try {
        reload()
        return await credentialsOf(current.config)
      } catch (error) {
        throw new KubeError({
          kind: 'unauthorized',
          reason: 'NoCredentials',
          message: `credentials of context "${current.name}": ${whyNot(error)}`,
        })
      }
    },
    forget() {
      isForgotten = true
    },
  }
}
