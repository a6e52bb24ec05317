import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { ApiStatus } from '../../objects/api-status.ts'
import type { ObjectChange } from '../../port.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { ApiContext, ApiRequest, WatchAnswer, WatchFrame } from '../http/api-request.ts'
import { selectionOf, type Selection } from '../watch/selection.ts'
import { inListOrder } from './list.ts'

const BOOKMARK_EVERY_MS = 60_000
const LONGEST_WATCH_SECONDS = 3600
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

type Send = (frame: WatchFrame) => void

function frameOf(change: ObjectChange, selection: Selection, request: ApiRequest): WatchFrame | undefined {
  const { type, object, previous } = change
  const isNow = type !== 'DELETED' && selection.isSelected(object)
  const was = previous !== undefined && selection.isSelected(previous)
  if (!isNow && !was) return undefined
  const shown = isNow ? object : withVersion(type === 'DELETED' ? object : previous, object)
  return { type: isNow ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: shownAs(request.target, shown) }
}

/** An object that left the selection is shown as it was last, at the version of its leaving. */
function withVersion(object: KubernetesObject | undefined, at: KubernetesObject): KubernetesObject {
  const { resourceVersion = '' } = at.metadata ?? {}
  return { ...object, metadata: { ...object?.metadata, resourceVersion } }
}

function bookmark({ target }: ApiRequest, { etcd }: ApiContext, annotations?: Record<string, string>): WatchFrame {
  const metadata = { resourceVersion: etcd.resourceVersion(), ...(annotations === undefined ? {} : { annotations }) }
  return { type: 'BOOKMARK', object: { kind: target.kind, apiVersion: apiVersionOf(target), metadata } }
}

function expired(wanted: string, { etcd }: ApiContext): WatchFrame {
  const say = `too old resource version: ${wanted} (${etcd.resourceVersion()})`
  return { type: 'ERROR', object: new ApiStatus(410, 'Expired', say).body() }
}

/** Sends what came before the watch. @returns false where that is forgotten */
function sendPast(request: ApiRequest, context: ApiContext, selection: Selection, send: Send): boolean {
  const { query, target } = request
  const wanted = query.get('resourceVersion') ?? ''
  const wantsInitial = query.get('sendInitialEvents') === 'true'
  if (wantsInitial || wanted === '' || wanted === '0') {
    const objects = inListOrder(context.etcd.list(storedAs(target)).filter(selection.isSelected))
    for (const object of objects) send({ type: 'ADDED', object: shownAs(target, object) })
    if (wantsInitial && isTrue(query.get('allowWatchBookmarks'))) {
      send(bookmark(request, context, { [INITIAL_EVENTS_END]: 'true' }))
    }
    return true
  }
  const changes = context.history.since(Number(wanted))
  if (changes === undefined) {
    send(expired(wanted, context))
    return false
  }
  const stored = storedAs(target)
  for (const change of changes) {
    const frame = isOf(change, stored) ? frameOf(change, selection, request) : undefined
    if (frame !== undefined) send(frame)
  }
  return true
}

function isOf({ resource }: ObjectChange, stored: { group: string; plural: string }): boolean {
  return resource.plural === stored.plural && resource.group === stored.group
}

function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1'
}

function timeoutMs(query: URLSearchParams): number {
  const seconds = Number(query.get('timeoutSeconds') ?? 0)
  return (seconds > 0 ? seconds : LONGEST_WATCH_SECONDS) * 1000
}

/** Bookmarks at their beat, and the end after the time the client asked for; both by the simulator's clock. */
function keepTime(request: ApiRequest, context: ApiContext, send: Send, end: () => void): AbortController {
  const over = new AbortController()
  const { clock } = context
  const untilMs = clock.monotonic() + timeoutMs(request.query)
  const hasBookmarks = isTrue(request.query.get('allowWatchBookmarks'))
  const run = async () => {
    while (clock.monotonic() < untilMs) {
      await clock.sleep(Math.min(BOOKMARK_EVERY_MS, untilMs - clock.monotonic()), over.signal)
      if (hasBookmarks && clock.monotonic() < untilMs) send(bookmark(request, context))
    }
    end()
  }
  run().catch(() => undefined)
  return over
}

/** A watch: what came since the given version, then all that comes. */
export function watch(request: ApiRequest, context: ApiContext): WatchAnswer {
  const selection = selectionOf(request)
  const stored = storedAs(request.target)
  return {
    watch: (send, end) => {
      if (!sendPast(request, context, selection, send)) {
        end()
        return () => undefined
      }
      const unsubscribe = context.history.subscribe((change) => {
        const frame = isOf(change, stored) ? frameOf(change, selection, request) : undefined
        if (frame !== undefined) send(frame)
      })
      const over = keepTime(request, context, send, end)
      return () => {
        unsubscribe()
        over.abort(new Error('watch ended'))
      }
    },
  }
}
