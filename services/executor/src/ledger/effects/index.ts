import type { Effect, EffectKind, EffectName } from './effect.ts'
import { evict } from './evict.ts'
import { patch } from './patch.ts'

export type { Effect, EffectKind, EffectName, Sought, Trace } from './effect.ts'
export { TAKEN_UID } from './evict.ts'

const EFFECTS: { [Name in EffectName]: EffectKind<Extract<Effect, { kind: Name }>> } = { patch, evict }

export const effectNamed = (name: EffectName): EffectKind => EFFECTS[name]
