import { every, explain, type Metrics } from '@kubewise/service'
import { answer, ask } from './ask.ts'
import { consume, type ConsumeContext } from './consume.ts'
import { buryUndelivered, createBury, decodeAdvisory, UNDELIVERED } from './dead-letters.ts'
import { createFigures } from './figures.ts'
import { streamInfo } from './guard.ts'
import { openBucket } from './kv.ts'
import { createProvisioner } from './provision.ts'
import { createPublisher } from './publish.ts'
import { replay } from './replay.ts'
import { checkName } from './subject.ts'
import type { Link } from './link.ts'
import type { Bus, Consumption } from './port.ts'

/** Between two looks whether what was provisioned is still there. */
const MEND_EVERY_MS = 10_000
const DRAIN_MS = 2000

/** The port over one connection. */
export function createBus(link: Link, metrics: Metrics | undefined): Bus {
  const figures = createFigures(metrics)
  const provisioner = createProvisioner(link)
  const consumptions = new Set<Consumption>()
  const closing = new AbortController()
  let readsUndelivered = false

  const mend = () => provisioner.mend()
  const onMendError = (error: unknown) => link.log.warn({ say: explain(error) }, 'streams could not be looked after')
  const mendSoon = () => void mend().catch(onMendError)
  const publisher = createPublisher(link, figures, mendSoon)
  const bury = createBury(link, publisher, figures)
  const context: ConsumeContext = { link, figures, bury, mend }

  function keep(consumption: Consumption): Consumption {
    consumptions.add(consumption)
    void consumption.done.catch(() => undefined).then(() => consumptions.delete(consumption))
    return consumption
  }

  /** Whoever consumes also looks after what the server gave up on; the consumer is shared, so one of them does. */
  function readUndelivered() {
    if (readsUndelivered) return
    readsUndelivered = true
    keep(consume(context, UNDELIVERED, decodeAdvisory, buryUndelivered(link, bury)))
  }

  async function drain() {
    const overMs = link.clock.sleep(DRAIN_MS, closing.signal).catch(() => undefined)
    await Promise.race([link.nc.drain().catch(() => undefined), overMs])
  }

  const signal = AbortSignal.any([closing.signal, link.closed])
  void every(link.clock, MEND_EVERY_MS, signal, () => (link.isConnected() ? mend() : undefined), onMendError)
  link.onStatus((status) => status === 'connected' && mendSoon())

  return {
    provision: (streams, buckets) => provisioner.provision(streams, buckets),
    publish: publisher.publish,
    consume(spec, decode, handle) {
      const consumption = keep(consume(context, spec, decode, handle))
      readUndelivered()
      return consumption
    },
    replay: (options) => keep(replay(context, options)),
    ask: (subject, question, decode, timeoutMs) => ask(link, subject, question, decode, timeoutMs),
    answer: (subject, decode, handle) => keep(answer(link, subject, decode, handle)),
    async streamState(stream) {
      checkName(stream, 'stream')
      const { created, state } = await streamInfo(link, stream)
      return { created, firstSeq: state.first_seq, lastSeq: state.last_seq, messages: state.messages }
    },
    kv: (bucket) => openBucket(link, bucket, () => provisioner.bucket(bucket)),
    isConnected: () => link.isConnected(),
    onStatus: (listener) => void link.onStatus(listener),
    async close() {
      closing.abort()
      await Promise.all([...consumptions].map((each) => each.stop()))
      if (link.isConnected()) {
        await publisher.whenIdle()
        await drain()
      }
      await link.nc.close()
    },
  }
}
