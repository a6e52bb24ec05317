import { markerOn } from '../../actions/patch.ts'
import { uidOf } from '../../actions/work.ts'
import { refOf, resourceOfKind } from '../../context/workload.ts'
import { isOfWrite } from '../marker.ts'
import { objectOf } from '../subject.ts'
import type { Effect, EffectKind } from './effect.ts'

/** Changes an object, and leaves the marker in the same write. */
export const patch: EffectKind<Extract<Effect, { kind: 'patch' }>> = {
  isBusyBy429: true,

  async send({ kube, stopping }, { object }, { operations }) {
    const resource = resourceOfKind(object.kind)
    if (!resource) throw new TypeError(`the kind ${object.kind} is not known`)
    stopping.throwIfAborted()
    await kube.patch(resource, refOf(object), { type: 'json', operations })
  },

  async look(work, step, { marker }) {
    const object = await objectOf(work, step)
    if (!object || uidOf(object) !== step.object.uid) return 'gone'
    return isOfWrite(markerOn(object), marker) ? 'done' : 'absent'
  },

  stateOf: ({ metadata }) =>
    metadata?.annotations && metadata.generation !== undefined
      ? String(metadata.generation)
      : (metadata?.resourceVersion ?? ''),
}
