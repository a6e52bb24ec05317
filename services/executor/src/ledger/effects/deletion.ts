import { uidOf } from '../../actions/work.ts'
import { refOf, resourceOfKind } from '../../context/workload.ts'
import { madeEntity } from './create.ts'
import type { Effect, EffectKind } from './effect.ts'
import { takenUid } from './evict.ts'

/** Among a step's changes where the object was being deleted already: then only its absence shows that we did more. */
export const TERMINATING_SINCE = '/metadata/deletionTimestamp'

/** Deletes an object by uid: a repeat cannot meet its replacement. */
export const deletion: EffectKind<Extract<Effect, { kind: 'delete' }>> = {
  isBusyBy429: true,

  async send({ kube, stopping }, step, { uid, gracePeriodSeconds }) {
    const entity = madeEntity(step)
    const resource = resourceOfKind(entity.kind)
    if (!resource) throw new TypeError(`the kind ${entity.kind} is not known`)
    stopping.throwIfAborted()
    await kube.delete(resource, refOf(entity), uid, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds })
  },

  async look({ kube }, step, { changes }) {
    const entity = madeEntity({ object: step.object, changes })
    const resource = resourceOfKind(entity.kind)
    const object = resource && (await kube.get(resource, refOf(entity)))
    if (!object || uidOf(object) !== takenUid(changes)) return 'done'
    const wasTerminating = changes.some(({ path }) => path === TERMINATING_SINCE)
    return object.metadata?.deletionTimestamp !== undefined && !wasTerminating ? 'done' : 'absent'
  },
}
