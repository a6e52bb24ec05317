import { Kvm, type KV, type KvEntry } from '@nats-io/kv'
import { JetStreamApiCodes } from '@nats-io/jetstream'
import type { BucketSpec } from '@kubewise/contracts'
import { apiCodeOf, BusError } from './errors.ts'
import { checkName } from './subject.ts'
import type { Link } from './link.ts'
import type { KeyValue, KeyValueEntry } from './port.ts'

const WRONG_REVISION = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
])

function entryOf(bucket: string, entry: KvEntry | null): KeyValueEntry | undefined {
  if (entry?.operation !== 'PUT') return undefined
  try {
    return { key: entry.key, value: entry.json<unknown>(), revision: entry.revision }
  } catch (cause) {
    throw new BusError('invalid', `bucket ${bucket}, key ${entry.key}: expected JSON`, { cause })
  }
}

/** A compare-and-set that found something else is an answer, not a failure. */
async function undefinedIfMoved(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write
  } catch (error) {
    if (WRONG_REVISION.has(apiCodeOf(error) ?? 0)) return undefined
    throw error
  }
}

/** @param ensure makes sure that the bucket is there: called at first, and when it turns out to be gone */
export async function openBucket(link: Link, spec: BucketSpec, ensure: () => Promise<void>): Promise<KeyValue> {
  const { name: bucket } = spec
  checkName(bucket, 'bucket')
  await ensure()
  // Not by direct reads: any replica may answer these, and a lease must be read from the leader.
  const kv: KV = await new Kvm(link.js).open(bucket, { allow_direct: false })

  async function call<R>(doing: string, request: () => Promise<R>): Promise<R> {
    try {
      return await link.call(doing, request)
    } catch (error) {
      if (!(error instanceof BusError && error.code === 'no-stream')) throw error
      await ensure()
      return link.call(doing, request)
    }
  }

  function on<R>(verb: string, key: string, request: () => Promise<R>): Promise<R> {
    return Promise.try(checkName, key, 'key').then(() => call(`${verb} ${bucket}/${key}`, request))
  }

  const get = (key: string) => on('get', key, () => kv.get(key)).then((entry) => entryOf(bucket, entry))

  async function writtenKeys(): Promise<string[]> {
    const prefix = `$KV.${bucket}.`
    const info = await call(`list ${bucket}`, () =>
      link.jsm.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}>`, deleted_details: false, offset: 0 }),
    )
    return Object.keys(info.state.subjects ?? {}).map((subject) => subject.slice(prefix.length))
  }

  return {
    get,
    put: (key, value) => on('put', key, () => kv.put(key, JSON.stringify(value))),
    create: (key, value) => undefinedIfMoved(on('create', key, () => kv.create(key, JSON.stringify(value)))),
    update: (key, value, revision) =>
      undefinedIfMoved(on('update', key, () => kv.update(key, JSON.stringify(value), revision))),
    delete: (key) => on('delete', key, () => kv.delete(key)),
    async keys() {
      // Deleted keys leave a marker, and outsiders may have written keys that are none.
      const names = (await writtenKeys()).filter((name) => /^[A-Za-z0-9_-]+$/.test(name))
      const entries = await Promise.all(names.map((name) => on('get', name, () => kv.get(name))))
      return names.filter((_, index) => entries[index]?.operation === 'PUT').sort()
    },
  }
}
