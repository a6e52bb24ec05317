import type { Effect, EffectKind, EffectName } from './effect.ts'
import { create } from './create.ts'
import { deletion } from './deletion.ts'
import { evict } from './evict.ts'
import { patch } from './patch.ts'
import { resize } from './resize.ts'

export type { Effect, EffectKind, EffectName, Sought, Trace } from './effect.ts'
export { MADE_NAME } from './create.ts'
export { TERMINATING_SINCE } from './deletion.ts'
export { TAKEN_UID } from './evict.ts'

const EFFECTS: { [Name in EffectName]: EffectKind<Extract<Effect, { kind: Name }>> } = {
  patch,
  resize,
  evict,
  delete: deletion,
  create,
}

export const effectNamed = (name: EffectName): EffectKind => EFFECTS[name]
