import type { ExecutionStep } from '@kubewise/contracts'
import { markerOn } from '../../actions/patch.ts'
import { uidOf } from '../../actions/work.ts'
import { refOf, resourceOfKind } from '../../context/workload.ts'
import type { Work } from '../../work.ts'
import { isOfWrite } from '../marker.ts'
import type { Effect, EffectKind } from './effect.ts'

/** Where the name of what is made stands among a step's changes. */
export const MADE_NAME = '/metadata/name'

/** What a step made, by name; whether it is still the same is its uid's to say. */
export function madeEntity({ object, changes }: Pick<ExecutionStep, 'object' | 'changes'>): ExecutionStep['object'] {
  const made = changes.find(({ path }) => path === MADE_NAME)
  const { uid: _uid, ...place } = object
  return made ? { ...place, name: String(made.after ?? made.before) } : object
}

async function read({ kube }: Work, step: ExecutionStep, changes: ExecutionStep['changes']) {
  const resource = resourceOfKind(step.object.kind)
  return resource && kube.get(resource, refOf(madeEntity({ object: step.object, changes })))
}

/** Makes an object whose name comes from the step, so that a repeat meets the first; its marker says whose it is. */
export const create: EffectKind<Extract<Effect, { kind: 'create' }>> = {
  isBusyBy429: true,

  async send({ kube, stopping }, { object: { kind } }, { object }) {
    const resource = resourceOfKind(kind)
    if (!resource) throw new TypeError(`the kind ${kind} is not known`)
    stopping.throwIfAborted()
    await kube.create(resource, object)
  },

  async look(work, step, { marker, changes }) {
    const object = await read(work, step, changes)
    if (!object) return 'absent'
    return isOfWrite(markerOn(object), marker) ? 'done' : 'gone'
  },

  async madeUid(work, step, { marker, changes }) {
    const object = await read(work, step, changes)
    return object && isOfWrite(markerOn(object), marker) ? uidOf(object) : undefined
  },
}
