import type { Refusal, Undo } from '@kubewise/contracts'
import type { JsonPatchOperation, KubernetesObject } from '@kubewise/kube'
import { isOfWrite } from '../ledger/marker.ts'

export const STEP_ANNOTATION = 'kubewise.io/step'

/** A key as one step of a JSON pointer. */
export const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** What is left on an object that was changed, for people who look at it. */
export interface Footprint {
  marker: string
  plan: string
  reason: string
  atMs: number
  /** The JSON Patch that takes it back, where people may read it; empty where there is none. */
  revert: string
  /** What an action leaves beside, by key. */
  notes?: Readonly<Record<string, string>>
}

export function annotationsOf({ marker, plan, reason, atMs, revert, notes }: Footprint): Record<string, string> {
  return {
    [STEP_ANNOTATION]: marker,
    'kubewise.io/last-remediation': new Date(atMs).toISOString(),
    'kubewise.io/plan-id': plan,
    'kubewise.io/reason': reason,
    'kubewise.io/revert': revert,
    ...notes,
  }
}

const LONGEST_REVERT = 2048

/** What would take a change back, for people to read: single values alone, since a template can hold what is secret. */
export function revertOf({ how, patch = [] }: Undo): string {
  const isPlain = patch.every(({ value }) => value === undefined || typeof value !== 'object')
  const text = JSON.stringify(patch)
  return how === 'restore' && patch.length > 0 && isPlain && text.length <= LONGEST_REVERT ? text : ''
}

/**
 * A change that lands once or never: in the same PATCH it tests that the object is the one that was read and that nobody has
 * changed its spec since (a status that moves on is no hindrance), and leaves the marker by which it is recognised. A repeat
 * of it finds another generation.
 *
 * @param object as it was read just now
 */
export function guardedPatch(
  object: KubernetesObject,
  change: readonly JsonPatchOperation[],
  footprint: Footprint,
): JsonPatchOperation[] {
  const { uid, generation, resourceVersion, annotations } = object.metadata ?? {}
  const notes = annotationsOf(footprint)
  const sameVersion: JsonPatchOperation = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }
  const mark: JsonPatchOperation[] = annotations
    ? Object.entries(notes).map(([key, value]) => ({ op: 'add', path: `/metadata/annotations/${pointer(key)}`, value }))
    : // Adding the whole member would wipe what another adds at this moment: only while nothing at all has changed.
      [sameVersion, { op: 'add', path: '/metadata/annotations', value: notes }]
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    generation === undefined ? sameVersion : { op: 'test', path: '/metadata/generation', value: generation },
    ...change,
    ...mark,
  ]
}

/**
 * The same for taking back: only while the last marker is the one we left, so that it lands once.
 *
 * @param markers what the last write of ours may have left
 */
export function guardedUndo(
  object: KubernetesObject,
  change: readonly JsonPatchOperation[],
  { markers, footprint }: { markers: readonly string[]; footprint: Footprint },
): JsonPatchOperation[] | Refusal {
  const marker = markerOn(object)
  if (marker === undefined || !markers.some((ours) => isOfWrite(marker, ours)))
    return { code: 'changed-since', say: 'Another remediation has changed the object since; it is left as it is.' }
  const isOurs: JsonPatchOperation = {
    op: 'test',
    path: `/metadata/annotations/${pointer(STEP_ANNOTATION)}`,
    value: marker,
  }
  return guardedPatch(object, [isOurs, ...change], footprint)
}

/** Which step wrote it last. */
export const markerOn = (object: KubernetesObject): string | undefined =>
  object.metadata?.annotations?.[STEP_ANNOTATION]
