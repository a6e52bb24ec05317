import type { KubernetesObject } from '@kubewise/kube'
import { amountOf } from '../../actions/exchange.ts'
import { uidOf } from '../../actions/work.ts'
import { refOf, resourceOfKind } from '../../context/workload.ts'
import { objectOf } from '../subject.ts'
import type { Effect, EffectKind } from './effect.ts'
import { patch } from './patch.ts'

/** The value that a JSON pointer names; undefined where it leads nowhere. */
function valueAt(object: KubernetesObject, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      object,
    )
}

/** Quantities that say the same in another form are the same. */
const isSame = (found: unknown, wanted: unknown) =>
  found === wanted || (typeof found === 'string' && amountOf(found) === amountOf(String(wanted)))

/**
 * Changes a pod's resources while it runs. The server lets nothing else through that door, not even the marker: what tells that
 * it was done is the values themselves, which are absolute.
 */
export const resize: EffectKind<Extract<Effect, { kind: 'resize' }>> = {
  ...patch,

  async send({ kube, stopping }, { object }, { operations }) {
    const resource = resourceOfKind(object.kind)
    if (!resource) throw new TypeError(`the kind ${object.kind} is not known`)
    stopping.throwIfAborted()
    await kube.patch(resource, refOf(object), { type: 'json', operations }, { subresource: 'resize' })
  },

  async look(work, step, { changes }) {
    const object = await objectOf(work, step)
    if (!object || uidOf(object) !== step.object.uid) return 'gone'
    return changes.every(({ path, after }) => isSame(valueAt(object, path), after)) ? 'done' : 'absent'
  },
}
