import { backoffMs, type Clock, type Logger } from '@kubewise/service'
import type { Client } from './client.ts'
import { isKubeError, KubeError } from './errors.ts'
import { listAll } from './list.ts'
import type { KubernetesObject } from './objects.ts'
import type { ListOptions, Observer, Reflector, Resource } from './port.ts'
import type { ReflectorCounters } from './reflector-counters.ts'
import { createView, type View } from './view.ts'
import { watchOnce, type Frame, type WatchEnd } from './watch.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const FIRST_REST_MS = 0.8 * SECOND
const LONGEST_REST_MS = 30 * SECOND
const LONGEST_RETRY_AFTER_MS = 5 * MINUTE
/** Bookmarks come every 60 to 62 s, so a silence above that is a connection that is dead without knowing. */
const IDLE_MS = 75 * SECOND
const RESYNC_MS = 10 * MINUTE
const FIRST_REPAIR_MS = 5 * SECOND
/** A watch that the server closes sooner, having said nothing, is a fault: reconnecting at once would hammer it. */
const SHORTEST_WATCH_MS = SECOND
const MALFORMED_BEFORE_RELIST = 3

export interface ReflectOptions<T extends KubernetesObject> {
  client: Client
  resource: Resource
  options: ListOptions
  observer: Observer<T>
  log: Logger
  clock: Clock
  counters: ReflectorCounters
  /** In [0, 1). */
  random?: () => number
}

/** Where the loop stands. */
interface State {
  /** Undefined: the next thing to do is a list. */
  view: View | undefined
  /** The last complete view, kept over a relist to compare with. */
  lastView: View | undefined
  confirmedMs: number | undefined
  resyncDueMs: number
  /** The observer failed on something, so what it holds cannot be trusted. */
  isDirty: boolean
  repairMs: number
  faultsInRow: number
  malformedInRow: number
  /** The last watch was too old, and none has said anything since. */
  isExpired: boolean
}

/**
 * List, then watch, for ever: the package's informer stops after an error that is not its own timeout, and stalls on
 * silent connections (kubernetes-client/javascript#596, #958, #1496, #1933). This one ends only by `stop`.
 */
export function reflect<T extends KubernetesObject>(setup: ReflectOptions<T>): Reflector {
  const { client, resource, options, observer, log, clock, counters, random = Math.random } = setup
  const name = resource.plural
  const stopping = new AbortController()
  const synced = Promise.withResolvers<void>()
  // Nobody has to wait for it.
  synced.promise.catch(() => undefined)
  const state: State = {
    view: undefined,
    lastView: undefined,
    confirmedMs: undefined,
    resyncDueMs: 0,
    isDirty: false,
    repairMs: FIRST_REPAIR_MS,
    faultsInRow: 0,
    malformedInRow: 0,
    isExpired: false,
  }

  function tell(error: unknown): void {
    try {
      observer.onError?.(error)
    } catch (failure) {
      log.error({ err: failure, resource: name }, 'observer failed while it was told an error')
    }
  }

  function confirm(atMs: number): void {
    state.confirmedMs = atMs
    counters.confirmed(name, atMs)
  }

  async function list(): Promise<void> {
    const askedMs = clock.now()
    const { items, resourceVersion } = await listAll<T>(client, resource, options, stopping.signal)
    const view = createView(items, resourceVersion)
    const difference = state.lastView?.compare(view)
    if (difference?.missed) {
      counters.fault(name, 'drift')
      log.warn({ resource: name, missed: difference.missed }, 'the watch had missed changes')
    }
    if (difference === undefined || difference.isDifferent || state.isDirty) await replace(items, resourceVersion)
    state.view = view
    state.lastView = view
    state.isDirty = false
    state.resyncDueMs = clock.monotonic() + RESYNC_MS * (0.9 + 0.2 * random())
    confirm(askedMs)
    synced.resolve()
  }

  /** A failure ends the attempt: the same list is read again after a rest, so the observer never lacks its base. */
  async function replace(items: T[], resourceVersion: string): Promise<void> {
    try {
      await observer.onReplace(items, resourceVersion)
      state.repairMs = FIRST_REPAIR_MS
    } catch (error) {
      counters.fault(name, 'observer')
      state.isDirty = true
      throw error
    }
  }

  /** A failure here is the observer's: it is told, the loop goes on, and an early relist puts the observer right. */
  async function deliver(frame: Extract<Frame<T>, { object: T }>): Promise<void> {
    try {
      if (frame.type === 'DELETED') await observer.onDelete(frame.object)
      else await observer.onUpsert(frame.object)
    } catch (error) {
      counters.fault(name, 'observer')
      log.error({ err: error, resource: name, object: frame.object.metadata?.name }, 'observer failed on an event')
      tell(error)
      if (!state.isDirty) {
        state.resyncDueMs = Math.min(state.resyncDueMs, clock.monotonic() + state.repairMs)
        state.repairMs = Math.min(RESYNC_MS, state.repairMs * 2)
      }
      state.isDirty = true
    }
  }

  async function onFrame(view: View, frame: Frame<T>): Promise<boolean> {
    if (frame.type === 'ERROR') {
      state.view = undefined
      const { code, reason = 'Error', message = '' } = frame.status
      const facts = {
        kind: code === 410 ? 'gone' : 'unavailable',
        reason,
        message: `watch of ${name}: ${message}`,
      } as const
      throw new KubeError(code === undefined ? facts : { ...facts, status: code })
    }
    const order = view.advance(frame)
    if (order === 'backwards') {
      state.view = undefined
      counters.fault(name, 'order')
      return false
    }
    state.faultsInRow = 0
    state.malformedInRow = 0
    state.isExpired = false
    confirm(clock.now())
    if (order === 'duplicate') return true
    counters.event(name, frame.type)
    if (frame.type !== 'BOOKMARK') await deliver(frame)
    // The observer's failure may have brought the relist forward.
    return clock.monotonic() < state.resyncDueMs
  }

  async function watch(view: View): Promise<void> {
    const startedMs = clock.monotonic()
    const end = await watchOnce<T>({
      client,
      resource,
      options,
      resourceVersion: view.resourceVersion(),
      timeoutSeconds: Math.floor(240 + 61 * random()),
      idleMs: IDLE_MS,
      dueMs: () => state.resyncDueMs,
      clock,
      signal: stopping.signal,
      onFrame: (frame) => onFrame(view, frame),
    })
    await ended(end, clock.monotonic() - startedMs)
  }

  async function ended(end: WatchEnd, lastedMs: number): Promise<void> {
    if (clock.monotonic() >= state.resyncDueMs) {
      state.view = undefined
      return
    }
    if (end === 'closed' && lastedMs >= SHORTEST_WATCH_MS) {
      state.faultsInRow = 0
      return
    }
    if (end !== 'left') counters.fault(name, end === 'idle' ? 'idle' : 'closed')
    // A server may send no bookmark for a resource where nothing happens: silence there is no news.
    log[end === 'idle' ? 'debug' : 'warn']({ resource: name, end, lastedMs }, 'watch ended early, connecting again')
    await rest(undefined)
  }

  async function survive(error: unknown): Promise<void> {
    const kind = isKubeError(error) ? error.kind : 'bug'
    if (kind === 'gone') expire()
    if (kind === 'malformed' && ++state.malformedInRow >= MALFORMED_BEFORE_RELIST) state.view = undefined
    counters.fault(name, kind === 'gone' ? 'gone' : kind === 'malformed' ? 'frame' : 'request')
    log.warn(
      { err: error, resource: name, kind, faultsInRow: state.faultsInRow + 1 },
      'list or watch failed, trying again',
    )
    tell(error)
    await rest(isKubeError(error) ? error.retryAfterMs : undefined)
  }

  /** The server that says so is there again, so the list need not wait as long as its absence has taught; but only once. */
  function expire(): void {
    state.view = undefined
    if (!state.isExpired) state.faultsInRow = 0
    state.isExpired = true
  }

  function rest(retryAfterMs = 0): Promise<void> {
    state.faultsInRow += 1
    const half = { firstMs: FIRST_REST_MS, maxMs: LONGEST_REST_MS, random: () => 0.5 + random() / 2 }
    const ms = Math.max(backoffMs(state.faultsInRow, half), Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS))
    return clock.sleep(ms, stopping.signal)
  }

  async function step(): Promise<void> {
    try {
      if (state.view === undefined) await list()
      else await watch(state.view)
    } catch (error) {
      if (!stopping.signal.aborted) await survive(error)
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Nothing but the stop itself gets out of a step; should anything, the next step is the remedy.
      await step().catch((error: unknown) => {
        if (!stopping.signal.aborted) log.error({ err: error, resource: name }, 'list-and-watch step failed')
      })
    }
    synced.reject(new KubeError({ kind: 'unavailable', reason: 'Stopped', message: `watch of ${name} was stopped` }))
  }

  const done = run()
  return {
    synced: synced.promise,
    confirmedMs: () => state.confirmedMs,
    async stop() {
      stopping.abort()
      await done
    },
  }
}
