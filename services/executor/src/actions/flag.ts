import { ownsField, type JsonPatchOperation, type KubernetesObject } from '@kubewise/kube'
import { pointer, STEP_ANNOTATION } from './patch.ts'
import { recordedPatch } from './recorded-patch.ts'
import { restoring, type ObjectWork, type Prepared } from './work.ts'

/** A yes-or-no field that others set too, with an annotation that says when it was us. */
export interface Flag {
  path: string
  isSet(object: KubernetesObject): boolean
  annotation: string
}

const noteOn = ({ metadata }: KubernetesObject, { annotation }: Flag): string =>
  metadata?.annotations?.[annotation] ?? ''

/**
 * Was it us who set it? Our word stays behind when a person takes the flag off and puts it on again, so that the server must
 * say too that the flag is still of whoever wrote our marker.
 */
export function isSetByUs(object: KubernetesObject, flag: Flag): boolean {
  const field = flag.path.split('/').slice(1)
  const marker = ['metadata', 'annotations', STEP_ANNOTATION]
  const isOwner = object.metadata?.managedFields?.some((entry) => ownsField(entry, field) && ownsField(entry, marker))
  return noteOn(object, flag) !== '' && isOwner === true
}

/**
 * Sets a flag, and leaves word that it was KubeWise; taking it back takes the word back too, or what somebody sets later would
 * look like ours.
 *
 * @param note the incident it is set for; empty where it is taken off
 */
export function setFlag(object: KubernetesObject, flag: Flag, after: boolean, note: string, say: string): Prepared {
  const { path, annotation } = flag
  const before = flag.isSet(object)
  // What is absent reads as false but cannot be tested for, and the API server drops a false again; the guards on uid and version stand for it.
  const isOurs: JsonPatchOperation[] = after ? [{ op: 'test', path, value: true }] : []
  return {
    effect: { kind: 'patch', operations: [{ op: 'add', path, value: after }] },
    changes: [{ path, before, after }],
    undo: restoring(say, [
      ...isOurs,
      { op: 'add', path, value: before },
      { op: 'add', path: `/metadata/annotations/${pointer(annotation)}`, value: noteOn(object, flag) },
    ]),
    notes: { [annotation]: note },
  }
}

/** Takes off what we have set; what a person has set since is theirs. */
export const takingOff =
  (flag: Flag): NonNullable<ObjectWork['undo']> =>
  ({ undo }, object) =>
    isSetByUs(object, flag)
      ? recordedPatch(undo?.patch)
      : { code: 'changed-since', say: 'Somebody else has set it since; it is left as it is.' }
