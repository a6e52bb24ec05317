import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import { KubeError } from './errors.ts'

function tooLarge(maxBytes: number): KubeError {
  return new KubeError({ kind: 'malformed', reason: 'TooLarge', message: `answer is longer than ${maxBytes} bytes` })
}

function decoded(answer: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = (answer.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'identity') return answer
  if (encoding !== 'gzip') {
    throw new KubeError({
      kind: 'malformed',
      reason: 'Encoding',
      message: `answer has an encoding that was not asked for`,
    })
  }
  const gunzip = createGunzip()
  answer.on('error', (error) => gunzip.destroy(error))
  return answer.pipe(gunzip)
}

/** The whole body, unpacked; never more than `maxBytes` are held, whatever it unpacks to. */
export async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of decoded(answer)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}

/** @throws KubeError `malformed`; the text itself is not quoted, since it may be anything */
export function parseJson(body: Buffer | string, what: string): unknown {
  const text = typeof body === 'string' ? body : body.toString('utf8')
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new KubeError({
      kind: 'malformed',
      reason: 'BadJson',
      message: `${what}: ${text.length} characters are not JSON`,
    })
  }
}

const LINE_FEED = 0x0a

/** Splits a stream of bytes into lines, one yield a chunk; a line longer than `maxBytes` is an error. */
export async function* readLines(answer: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string[]> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of answer) {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8'))
      rest = []
      restBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start))
      restBytes += chunk.length - start
    }
    if (restBytes > maxBytes) throw tooLarge(maxBytes)
    yield lines
  }
  if (restBytes > 0) yield [Buffer.concat(rest).toString('utf8')]
}
