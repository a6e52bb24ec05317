import type { ConnectionOptions } from '@nats-io/transport-node'
import { BusError } from './errors.ts'

/** One or more servers of one NATS system, as the client wants them, and as they may be shown. */
export interface Address {
  options: ConnectionOptions
  /** Without credentials. */
  shown: string
}

const SCHEMES = new Set(['nats:', 'tls:'])
const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i

function parse(text: string): URL {
  const url = URL.parse(hasScheme.test(text) ? text : `nats://${text}`)
  if (!url || !SCHEMES.has(url.protocol) || url.hostname === '')
    throw new BusError(
      'invalid',
      `nats url: expected nats://HOST:PORT, got ${JSON.stringify(text.replace(/\/\/[^@]*@/, '//'))}`,
    )
  return url
}

function credentialsOf({ username, password }: URL): ConnectionOptions {
  if (username === '') return {}
  const user = decodeURIComponent(username)
  return password === '' ? { token: user } : { user, pass: decodeURIComponent(password) }
}

/**
 * Reads `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT]`, several joined by commas; `tls://` asks for TLS.
 * @throws BusError `invalid`, without the credentials
 */
export function addressOf(text: string): Address {
  const urls = text.split(',').map((part) => parse(part.trim()))
  const servers = urls.map(({ hostname, port }) => `${hostname}:${port || 4222}`)
  const credentials = urls.map(credentialsOf).find((each) => 'user' in each || 'token' in each) ?? {}
  const isTls = urls.some(({ protocol }) => protocol === 'tls:')
  return {
    options: { servers, ...credentials, ...(isTls ? { tls: {} } : {}) },
    shown: servers.map((server) => `${isTls ? 'tls' : 'nats'}://${server}`).join(','),
  }
}
