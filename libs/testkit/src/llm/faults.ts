import type { ServerResponse } from 'node:http'

/** Ways in which a model's server answers wrongly, whatever was asked: the fault matrix. */
export const LLM_FAULTS = [
  'timeout',
  'reset',
  'rate-limited',
  'unavailable',
  'unauthorized',
  'redirect',
  'empty',
  'nothing-said',
  'truncated',
  'blocked',
  'wrong-content-type',
  'html',
  'malformed',
  'list',
  'ten-megabytes',
  'slow-drip',
] as const
export type LlmFault = (typeof LLM_FAULTS)[number]

/** How one protocol wraps what a model says, and its own ways of saying less. */
export interface Wire {
  said(text: string): object
  empty: object
  truncated: object
  blocked: object
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const MEGABYTE = 'x'.repeat(1024 * 1024)

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  let left = 10
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1
      if (!response.write(`"${MEGABYTE}"`)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

/** One byte now and then, without an end; stopped by whoever hangs up. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

const FAULTS: Readonly<Record<LlmFault, (response: ServerResponse, wire: Wire) => void>> = {
  timeout: () => undefined,
  reset: (response) => void response.destroy(),
  'rate-limited': (response) => json(response, 429, { error: { message: 'slow down' } }, { 'retry-after': '7' }),
  unavailable: (response) => json(response, 503, { error: { message: 'overloaded' } }, { 'retry-after': '7' }),
  unauthorized: (response) => json(response, 401, { error: { message: 'bad key' } }),
  redirect: (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  empty: (response, { empty }) => json(response, 200, empty),
  'nothing-said': (response, { said }) => json(response, 200, said('')),
  truncated: (response, { truncated }) => json(response, 200, truncated),
  blocked: (response, { blocked }) => json(response, 200, blocked),
  'wrong-content-type': (response, { said }) =>
    void response.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(said('{}'))),
  html: (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>proxy</html>'),
  malformed: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": ['),
  list: (response) => json(response, 200, []),
  'ten-megabytes': flood,
  'slow-drip': drip,
}

export const answerWithFault = (fault: LlmFault, response: ServerResponse, wire: Wire): void =>
  FAULTS[fault](response, wire)
