import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { ApiStatus, badRequest } from '../../objects/api-status.ts'

const LARGEST_BYTES = 3 * 1024 * 1024

/** @throws ApiStatus 413 */
export async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BYTES) {
      throw new ApiStatus(413, 'RequestEntityTooLarge', `Request entity is too large: limit is ${LARGEST_BYTES}`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

const READABLE = new Set(['', 'application/json', 'application/yaml'])

/** What the simulator can read of an object; kubectl's own creating commands speak protobuf, `kubectl apply` does not. */
export function assertReadable(contentType: string): void {
  if (READABLE.has(contentType)) return
  const say =
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml'
  throw new ApiStatus(415, 'UnsupportedMediaType', say)
}

function wordsFor(error: unknown): string {
  const said = error instanceof Error ? (error.message.split('\n')[0]?.trim() ?? '') : String(error)
  return said.startsWith('Unexpected end') ? 'unexpected end of JSON input' : said
}

const LONGEST_QUOTE = 1024

/** What a client sent as JSON and is none; who expected what is told by those who know. */
export class UnreadableBodyError extends Error {
  constructor(why: string, text: string) {
    super(`couldn't get version/kind; json parse error: ${why} (${text.slice(0, LONGEST_QUOTE)})`)
    this.name = 'UnreadableBodyError'
  }
}

/**
 * JSON, or YAML where the content type says so.
 *
 * @returns undefined for an empty body
 * @throws UnreadableBodyError, or ApiStatus 400 for bad YAML
 */
export function parseBody(text: string, contentType: string): unknown {
  if (text.trim() === '') return undefined
  const isYaml = contentType.endsWith('yaml')
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (!isYaml) throw new UnreadableBodyError(wordsFor(error), text)
  }
  try {
    return parse(text) as unknown
  } catch (error) {
    throw badRequest(`error decoding YAML: ${wordsFor(error)}`)
  }
}
