import type { ApiUnderTest } from './api-under-test.ts'

export interface Frame {
  type: string
  object: {
    kind?: string
    code?: number
    reason?: string
    metadata?: { name?: string; resourceVersion?: string; annotations?: object }
  }
}

/** A watch whose frames are read one by one. */
export interface Watching extends AsyncDisposable {
  next(): Promise<Frame | undefined>
}

/** Opens a watch and returns when the server has accepted it. */
export async function watching({ api }: ApiUnderTest, path: string): Promise<Watching> {
  const over = new AbortController()
  const response = await fetch(`${api.url}${path}`, { signal: over.signal })
  const lines = linesOf(response)
  return {
    async next() {
      const { value, done } = await lines.next()
      return done === true ? undefined : (JSON.parse(value) as Frame)
    },
    async [Symbol.asyncDispose]() {
      over.abort()
    },
  }
}

async function* linesOf(response: Response): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
  return undefined
}
