import type { StreamInfo } from '@nats-io/jetstream'
import type { BucketSpec, StreamSpec } from '@kubewise/contracts'
import { backoffMs, explain } from '@kubewise/service'
import { apiCodeOf, BusError } from './errors.ts'
import { bucketStreamOf, differencesOf, streamOf, type FieldDifference, type WantedStream } from './stream-config.ts'
import type { Link } from './link.ts'
import type { ProvisionReport } from './port.ts'

const NO_STORAGE = 10047
// Another process was faster: the name is in use, or, while 2.9 has not finished making it, its subjects overlap.
const MADE_BY_ANOTHER = new Set([10058, 10065])
const MOST_ATTEMPTS = 5
const RACE_BACKOFF = { firstMs: 20, maxMs: 200 }
const SMALLEST_MAX_BYTES = 16 * 1024 ** 2

/** Creates and mends streams and buckets, and remembers what there should be. */
export interface Provisioner {
  provision(streams: readonly StreamSpec[], buckets: readonly BucketSpec[]): Promise<ProvisionReport>
  /** Creates again what was provisioned here and is gone; one run at a time. */
  mend(): Promise<void>
  /** Makes sure of one bucket. */
  bucket(spec: BucketSpec): Promise<void>
}

type Outcome = { info: StreamInfo; refusal?: string }

function infoOf(link: Link, name: string): Promise<StreamInfo | undefined> {
  return link
    .call(`look up stream ${name}`, () => link.jsm.streams.info(name))
    .catch((error: unknown) => {
      if (apiCodeOf(error) === 10059) return undefined
      throw error
    })
}

/** Creates it; with less room where the server has not as much as wanted, since a small stream beats none. */
async function create(link: Link, { name, fixed, changeable }: WantedStream): Promise<Outcome> {
  for (let maxBytes = changeable.max_bytes ?? -1; ; maxBytes = Math.floor(maxBytes / 2)) {
    try {
      const config = { name, ...fixed, ...changeable, max_bytes: maxBytes }
      return { info: await link.call(`create stream ${name}`, () => link.jsm.streams.add(config)) }
    } catch (error) {
      if (apiCodeOf(error) !== NO_STORAGE || maxBytes / 2 < SMALLEST_MAX_BYTES) throw error
    }
  }
}

/** Brings what can be changed to what is wanted; a refusal leaves the stream as it is and is reported, not thrown. */
async function update(link: Link, { name, changeable }: WantedStream, info: StreamInfo): Promise<Outcome> {
  if (differencesOf(changeable, info.config).length === 0) return { info }
  const change = (fields: typeof changeable) =>
    link
      .call(`update stream ${name}`, () => link.jsm.streams.update(name, fields))
      .then((changed) => ({ info: changed }))
  try {
    return await change(changeable)
  } catch (error) {
    if (apiCodeOf(error) === NO_STORAGE) return change({ ...changeable, max_bytes: info.config.max_bytes })
    if (error instanceof BusError && error.code === 'refused') return { info, refusal: explain(error) }
    throw error
  }
}

async function ensure(link: Link, wanted: WantedStream): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const existing = await infoOf(link, wanted.name)
    if (existing) return update(link, wanted, existing)
    try {
      return await create(link, wanted)
    } catch (error) {
      if (!MADE_BY_ANOTHER.has(apiCodeOf(error) ?? 0) || attempt === MOST_ATTEMPTS) throw error
      await link.clock.sleep(backoffMs(attempt, RACE_BACKOFF), link.closed)
    }
  }
}

const reportOf = (wanted: WantedStream, { info, refusal }: Outcome) =>
  differencesOf({ ...wanted.fixed, ...wanted.changeable }, info.config).map((each: FieldDifference) => ({
    what: `${wanted.name}.${each.field}${refusal ? ` (${refusal})` : ''}`,
    wanted: each.wanted,
    got: each.got,
  }))

export function createProvisioner(link: Link): Provisioner {
  const known = new Map<string, WantedStream>()
  let mending: Promise<void> | undefined

  async function make(wanted: WantedStream) {
    const outcome = await ensure(link, wanted)
    known.set(wanted.name, wanted)
    return reportOf(wanted, outcome)
  }

  async function mendMissing() {
    if (known.size === 0) return
    const there = new Set<string>()
    await link.call('list streams', async () => {
      for await (const name of link.jsm.streams.names()) there.add(name)
    })
    for (const wanted of known.values()) {
      if (there.has(wanted.name)) continue
      await make(wanted)
      link.log.warn({ stream: wanted.name }, 'stream was gone and has been created again')
    }
  }

  return {
    async provision(streams, buckets) {
      const differences: ProvisionReport['differences'] = []
      for (const wanted of [...streams.map(streamOf), ...buckets.map(bucketStreamOf)])
        differences.push(...(await make(wanted)))
      return { server: link.nc.info?.version ?? 'unknown', differences }
    },
    mend() {
      mending ??= mendMissing().finally(() => (mending = undefined))
      return mending
    },
    async bucket(spec) {
      const wanted = bucketStreamOf(spec)
      if (!(await infoOf(link, wanted.name))) await make(wanted)
      known.set(wanted.name, wanted)
    },
  }
}
