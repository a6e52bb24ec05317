import type { Clock } from '@kubewise/service'
import { parseJson, readLines } from './body.ts'
import type { Client } from './client.ts'
import { isRecord, KubeError, parseStatus, type StatusBody } from './errors.ts'
import { asObject } from './list.ts'
import type { KubernetesObject } from './objects.ts'
import { collectionPath, selectorQuery } from './paths.ts'
import type { ListOptions, Resource } from './port.ts'

const LONGEST_FRAME_BYTES = 16 * 2 ** 20

/** One line of a watch. */
export type Frame<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T; resourceVersion: string }
  | { type: 'BOOKMARK'; resourceVersion: string }
  | { type: 'ERROR'; status: StatusBody }

/** Why a watch ended: the server closed it, nothing came for too long, its time was over, or a frame's reader had enough. */
export type WatchEnd = 'closed' | 'idle' | 'due' | 'left'

export interface WatchOptions<T> {
  client: Client
  resource: Resource
  options: ListOptions
  resourceVersion: string
  /** After which the server shall close it. */
  timeoutSeconds: number
  /** Longest silence, milliseconds of the clock. */
  idleMs: number
  /** When to leave even a lively watch, by the clock's `monotonic`; may move while it runs. */
  dueMs: () => number
  clock: Clock
  signal: AbortSignal
  /** @returns false to leave */
  onFrame(frame: Frame<T>): Promise<boolean>
}

function malformed(message: string): KubeError {
  return new KubeError({ kind: 'malformed', reason: 'BadFrame', message })
}

/** @throws KubeError `malformed` */
export function parseFrame<T extends KubernetesObject>(line: string, resource: Resource): Frame<T> {
  const frame = parseJson(line, `watch of ${resource.plural}`)
  if (!isRecord(frame) || !isRecord(frame['object'])) throw malformed(`watch of ${resource.plural}: expected an event`)
  const { type, object } = frame
  if (type === 'ERROR') return { type, status: parseStatus(object) }
  const resourceVersion = isRecord(object['metadata']) ? object['metadata']['resourceVersion'] : undefined
  if (typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw malformed(`watch of ${resource.plural}: expected a resourceVersion`)
  }
  switch (type) {
    case 'BOOKMARK':
      return { type, resourceVersion }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: asObject<T>(object, resource), resourceVersion }
    default:
      throw malformed(`watch of ${resource.plural}: unknown type of event`)
  }
}

/** The promise's value, or 'late' after `ms` of the clock. */
async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const settled = new AbortController()
  const late = clock.sleep(ms, settled.signal).then(
    () => 'late' as const,
    // Cancelled, because the promise has settled: then this one does not decide.
    () => promise,
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    settled.abort()
    late.catch(() => undefined)
  }
}

async function readFrames<T extends KubernetesObject>(
  chunks: AsyncIterable<Buffer>,
  watch: WatchOptions<T>,
): Promise<WatchEnd> {
  const { clock, idleMs, dueMs, resource } = watch
  const batches = readLines(chunks, LONGEST_FRAME_BYTES)
  for (;;) {
    const leftMs = dueMs() - clock.monotonic()
    const batch = await within(clock, Math.min(idleMs, leftMs), batches.next())
    if (batch === 'late') return idleMs <= leftMs ? 'idle' : 'due'
    if (batch.done) return 'closed'
    for (const line of batch.value) {
      if (line !== '' && !(await watch.onFrame(parseFrame<T>(line, resource)))) return 'left'
    }
  }
}

/**
 * One watch from `resourceVersion` on, until it ends.
 *
 * @throws KubeError `gone` when that version is too old, `malformed` for a frame that is none, or what cut the connection
 */
export async function watchOnce<T extends KubernetesObject>(watch: WatchOptions<T>): Promise<WatchEnd> {
  const { client, resource, options, resourceVersion, timeoutSeconds, signal } = watch
  const call = {
    method: 'GET' as const,
    path: collectionPath(resource, options.namespace),
    query: {
      ...selectorQuery(options),
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      resourceVersion,
    },
    what: resource.plural,
    signal,
  }
  return client.stream(call, (incoming, release) => {
    release()
    return readFrames(incoming.message, watch)
  })
}
