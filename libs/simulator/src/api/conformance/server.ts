import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { parse } from 'yaml'
import type { ConformanceAnswer } from './request.ts'

/** An API server as the conformance run sees it. */
export interface Server {
  ask(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | undefined,
  ): Promise<ConformanceAnswer>
  /** Reads up to `frames` frames of a watch, or until the server ends it. */
  watch(path: string, frames: number): Promise<ConformanceAnswer>
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[]
  users: { user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[]
}

function decoded(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}

function parsed(text: string, contentType: string): unknown {
  // Documents of OpenAPI come as plain text.
  if (!contentType.startsWith('application/json') && !text.startsWith('{')) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function warningsOf(message: IncomingMessage): string[] {
  return (message.headersDistinct['warning'] ?? []).flatMap((value) => value.split(/, (?=299 )/))
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function framesOf(message: IncomingMessage, wanted: number): Promise<unknown[]> {
  const frames: unknown[] = []
  let rest = ''
  for await (const chunk of message as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    frames.push(...lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown))
    if (frames.length >= wanted) break
  }
  return frames.slice(0, wanted)
}

/** A server by its kubeconfig, with a token or client certificates in it. */
export function serverOf(kubeconfig: string): Server {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig
  const { server = '', 'certificate-authority-data': authority } = clusters[0]?.cluster ?? {}
  const user = users[0]?.user ?? {}
  const tls = {
    ca: decoded(authority),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  }
  const credentials = user.token === undefined ? {} : { Authorization: `Bearer ${user.token}` }

  async function open(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<IncomingMessage> {
    const url = new URL(path, server)
    // Node sends no length with the body of a DELETE by itself.
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const all = { Accept: 'application/json', 'User-Agent': 'conformance/1.0', ...length, ...credentials, ...headers }
    const request =
      url.protocol === 'https:'
        ? https.request(url, { method, headers: all, agent: false, ...tls })
        : http.request(url, { method, headers: all, agent: false })
    request.end(body)
    const [message] = (await once(request, 'response')) as [IncomingMessage]
    return message
  }

  return {
    async ask(method, path, headers, body) {
      const message = await open(method, path, headers, body)
      const contentType = message.headers['content-type'] ?? ''
      const text = await textOf(message)
      return {
        status: message.statusCode ?? 0,
        contentType,
        body: parsed(text, contentType),
        warnings: warningsOf(message),
      }
    },
    async watch(path, frames) {
      const message = await open('GET', path, {})
      const contentType = message.headers['content-type'] ?? ''
      const status = message.statusCode ?? 0
      const body = status === 200 ? await framesOf(message, frames) : parsed(await textOf(message), contentType)
      message.destroy()
      return { status, contentType, body, warnings: [] }
    },
  }
}
