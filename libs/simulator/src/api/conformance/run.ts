import { isJsonObject } from '../../objects/json.ts'
import type { ConformanceAnswer, ConformanceRequest } from './request.ts'
import type { Server } from './server.ts'

const PATIENCE_MS = 20_000
const PAUSE_MS = 100

type Values = Record<string, string>

/** `{name}` becomes the value of that name; a request whose values are missing fails by what it asks. */
function filled(text: string, values: Values): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}

function valueAt(body: unknown, path: string): string {
  const found = path.split('.').reduce<unknown>((value, name) => (isJsonObject(value) ? value[name] : undefined), body)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
}

async function waitFor(server: Server, after: NonNullable<ConformanceRequest['after']>, values: Values): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  while (performance.now() < untilMs) {
    const { body } = await server.ask('GET', filled(after.path, values), {}, undefined)
    if (isJsonObject(body) && after.isTrue(body)) return
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS)
    })
  }
  throw new Error(`${after.path}: what was waited for did not come within ${PATIENCE_MS} ms`)
}

async function ask(server: Server, request: ConformanceRequest, values: Values): Promise<ConformanceAnswer> {
  const { method, path, body, contentType = 'application/json', as, frames = 1 } = request
  if (method === 'WATCH') return server.watch(filled(path, values), frames)
  const text = body === undefined ? undefined : filled(typeof body === 'string' ? body : JSON.stringify(body), values)
  const headers = {
    ...(text === undefined ? {} : { 'Content-Type': contentType }),
    ...(as === undefined ? {} : { 'Impersonate-User': filled(as, values) }),
  }
  return server.ask(method, filled(path, values), headers, text)
}

/** Asks a server all requests in their order. */
export async function runRequests(
  server: Server,
  requests: readonly ConformanceRequest[],
  namespace: string,
): Promise<ConformanceAnswer[]> {
  const values: Values = { ns: namespace }
  const answers: ConformanceAnswer[] = []
  for (const request of requests) {
    if (request.after !== undefined) await waitFor(server, request.after, values)
    const answer = await ask(server, request, values)
    for (const [name, path] of Object.entries(request.save ?? {})) values[name] = valueAt(answer.body, path)
    answers.push(answer)
  }
  return answers
}
