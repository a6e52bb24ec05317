import { VirtualClock } from '@kubewise/testkit'
import { createObjectStore, type Etcd } from '../../objects/object-store.ts'
import { startApi, type Api } from '../start-api.ts'

export interface Answered {
  status: number
  headers: Headers
  body: AnsweredBody
}

/** Whatever came back, loosely: tests look at what they are about. */
export interface AnsweredBody {
  kind?: string
  message?: string
  reason?: string
  metadata?: Record<string, unknown> & { name?: string; resourceVersion?: string; uid?: string; continue?: string }
  items?: AnsweredBody[]
  details?: { causes?: { reason?: string; message?: string; field?: string }[]; retryAfterSeconds?: number }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
  data?: Record<string, string>
}

export interface Asking {
  body?: unknown
  contentType?: string
  token?: string
  headers?: Record<string, string>
  signal?: AbortSignal
}

export interface ApiUnderTest extends AsyncDisposable {
  api: Api
  etcd: Etcd
  clock: VirtualClock
  ask(method: string, path: string, asking?: Asking): Promise<Answered>
  /** Creates an object and answers it; throws where it is refused. */
  create(path: string, body: object): Promise<AnsweredBody>
}

async function request(
  url: string,
  method: string,
  { body, contentType, token, headers, signal }: Asking,
): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      'Content-Type': contentType ?? 'application/json',
      'User-Agent': 'api-test/1',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** An API server over an empty store, by a clock that the test moves. */
export async function apiUnderTest(): Promise<ApiUnderTest> {
  const clock = new VirtualClock()
  const etcd = createObjectStore({ clock })
  const api = await startApi({ etcd, clock, seed: 1, port: 0, host: '127.0.0.1' })

  async function ask(method: string, path: string, asking: Asking = {}): Promise<Answered> {
    const response = await request(`${api.url}${path}`, method, asking)
    const text = await response.text()
    const body = (text.startsWith('{') ? JSON.parse(text) : { message: text }) as AnsweredBody
    return { status: response.status, headers: response.headers, body }
  }

  return {
    api,
    etcd,
    clock,
    ask,
    async create(path, body) {
      const answer = await ask('POST', path, { body })
      if (answer.status !== 201) throw new Error(`${path}: expected 201, got ${answer.status} ${answer.body.message}`)
      return answer.body
    },
    [Symbol.asyncDispose]: () => api.stop(),
  }
}
