import type { ServerResponse } from 'node:http'
import type { Clock } from '@kubewise/service'
import type { WatchFrame } from './api-request.ts'

const rendered = new WeakMap<object, string>()

/** JSON text, kept for objects that cannot change any more. */
function jsonOf(value: object): string {
  if (!Object.isFrozen(value)) return JSON.stringify(value)
  let text = rendered.get(value)
  if (text === undefined) rendered.set(value, (text = JSON.stringify(value)))
  return text
}

/** Every answer carries the simulator's time: clients measure their clock by it. */
export function stamp(response: ServerResponse, clock: Clock): void {
  response.sendDate = false
  response.setHeader('Date', new Date(clock.now()).toUTCString())
}

export interface Reply {
  status: number
  contentType: string
  text: string
  headers: Record<string, string | string[]>
}

export function jsonReply(status: number, body: object, headers: Reply['headers'] = {}): Reply {
  return { status, contentType: 'application/json', text: jsonOf(body), headers }
}

export function textReply(status: number, text: string): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', text, headers: {} }
}

export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { ...reply.headers, 'Content-Type': reply.contentType })
  response.end(reply.text)
}

/** Announces the whole answer and breaks off in the middle. */
export function sendHalf(response: ServerResponse, reply: Reply): void {
  const bytes = Buffer.from(reply.text)
  response.writeHead(reply.status, {
    ...reply.headers,
    'Content-Type': reply.contentType,
    'Content-Length': bytes.length,
  })
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.destroy())
}

export function frameText({ type, object }: WatchFrame): string {
  return `{"type":"${type}","object":${jsonOf(object)}}\n`
}

/** Warnings to the client, one header each. */
export function warningHeaders(warnings: readonly string[] = []): Reply['headers'] {
  if (warnings.length === 0) return {}
  return { Warning: [...new Set(warnings)].map((warning) => `299 - ${JSON.stringify(warning)}`) }
}
