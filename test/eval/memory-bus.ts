import type { Bus, Consumption, Delivery, Disposition, KeyValue } from '@kubewise/bus'
import type { BucketSpec, ConsumerSpec, Decoder, Subject } from '@kubewise/contracts'

type Handler = (body: object, seq: number) => Promise<Disposition>

/** The bus's port in memory and in one order: what is delivered to a consumer is handled before anything else happens. */
export class MemoryBus implements Bus {
  readonly published: { subject: Subject; body: object }[] = []
  /** What a consumer could not read: there must be none. */
  readonly dead: string[] = []
  readonly #handlers = new Map<string, Handler>()
  readonly #buckets = new Map<string, Map<string, { value: unknown; revision: number }>>()
  #seq = 0

  /** Hands a message to a durable consumer; without one it is lost. */
  async deliver(consumer: ConsumerSpec, body: object): Promise<void> {
    const handle = this.#handlers.get(consumer.durable)
    if (!handle) return
    const disposition = await handle(body, (this.#seq += 1))
    if (disposition.do === 'dead') this.dead.push(`${consumer.durable}: ${disposition.reason}`)
  }

  /** What was published of one kind since it was last asked for. */
  taken(kind: string): object[] {
    const found = this.published.filter(({ body }) => (body as { kind?: unknown }).kind === kind)
    this.published.splice(0, Infinity, ...this.published.filter((each) => !found.includes(each)))
    return found.map(({ body }) => body)
  }

  async provision() {
    return { server: 'memory', differences: [] }
  }

  async publish(subject: Subject, body: object) {
    this.published.push({ subject, body })
    return { stream: 'MEMORY', seq: this.published.length, isDuplicate: false }
  }

  consume<T>(
    { durable }: ConsumerSpec,
    decode: Decoder<T>,
    handle: (delivery: Delivery<T>, signal: AbortSignal) => Promise<Disposition>,
  ): Consumption {
    const { signal } = new AbortController()
    this.#handlers.set(durable, async (body, seq) => {
      const decoded = decode(body)
      if (!decoded.ok) return { do: 'dead', reason: decoded.errors.join('; ') }
      const rest = { subject: '', seq, storedMs: 0, attempt: 1, headers: {}, working: () => undefined }
      return handle({ ...rest, body: decoded.value }, signal)
    })
    return { stop: async () => void this.#handlers.delete(durable), done: Promise.resolve() }
  }

  replay(): Consumption {
    throw new Error('nothing is replayed here')
  }

  async ask(): Promise<never> {
    throw new Error('nobody is asked here')
  }

  answer(): Consumption {
    return { stop: async () => undefined, done: Promise.resolve() }
  }

  async streamState() {
    return { created: '', firstSeq: 0, lastSeq: 0, messages: 0 }
  }

  async kv({ name }: BucketSpec): Promise<KeyValue> {
    const entries = this.#buckets.get(name) ?? new Map<string, { value: unknown; revision: number }>()
    this.#buckets.set(name, entries)
    const write = (key: string, value: unknown) => {
      const revision = (entries.get(key)?.revision ?? 0) + 1
      entries.set(key, { value, revision })
      return revision
    }
    return {
      get: async (key) => {
        const entry = entries.get(key)
        return entry && { key, ...entry }
      },
      put: async (key, value) => write(key, value),
      create: async (key, value) => (entries.has(key) ? undefined : write(key, value)),
      update: async (key, value, revision) => (entries.get(key)?.revision === revision ? write(key, value) : undefined),
      delete: async (key) => void entries.delete(key),
      keys: async () => [...entries.keys()],
    }
  }

  isConnected(): boolean {
    return true
  }
  onStatus(): void {}
  async close(): Promise<void> {}
}
