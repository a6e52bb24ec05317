import { Type, type Static } from 'typebox'
import { RISKS } from './action.ts'
import { decoderOf } from './decode.ts'
import { MODES } from './plan.ts'
import { Count, Ms, oneOf, optional, Share, stored, strict, Text } from './schema.ts'
import { Inhibition, NamedIntervals, Window } from './window.ts'

/** What a person may change while KubeWise runs; each member overrides the environment's. `_id` is `settings`. */
export const Settings = strict({
  ...stored,
  mode: optional(oneOf(MODES)),
  /** Per namespace; the stricter of this and `mode` holds. */
  modes: optional(Type.Record(Type.String(), oneOf(MODES))),
  /** Per risk, for a namespace or for all (`*`); the strictest that applies holds. */
  riskModes: optional(
    Type.Record(
      Type.String(),
      strict({ low: optional(oneOf(MODES)), medium: optional(oneOf(MODES)), high: optional(oneOf(MODES)) }),
    ),
  ),
  protectedNamespaces: optional(Type.Array(Text)),
  /** Highest risk that acts by itself in mode auto. */
  autoRisk: optional(oneOf(RISKS)),
  cooldownSeconds: optional(Type.Number({ minimum: 0 })),
  maxParallel: optional(Count),
  maxParallelPerNamespace: optional(Count),
  maxPerHour: optional(Count),
  maxPerHourPerNamespace: optional(Count),
  readyShare: optional(Share),
  anomalyThresholds: optional(Type.Record(Type.String(), Share)),
  /** Times that windows name. */
  timeIntervals: optional(Type.Array(NamedIntervals, { maxItems: 64 })),
  windows: optional(Type.Array(Window, { maxItems: 64 })),
  inhibitions: optional(Type.Array(Inhibition, { maxItems: 64 })),
  logLevel: optional(oneOf(['debug', 'info', 'warn', 'error', 'fatal'])),
  changedMs: Ms,
  changedBy: Text,
})
export type Settings = Static<typeof Settings>
export const decodeSettings = decoderOf(Settings)

/** The store's channel of the kill switch. `_id` is `kill`; absent means running. */
export const Kill = strict({ ...stored, isSet: Type.Boolean(), by: Text, reason: Text, changedMs: Ms })
export type Kill = Static<typeof Kill>
export const decodeKill = decoderOf(Kill)
