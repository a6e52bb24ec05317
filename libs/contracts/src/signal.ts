import { decodeControl, type Control } from './control.ts'
import type { Decoder } from './decode.ts'
import { decodeKubernetesEvent, type KubernetesEvent } from './kubernetes-event.ts'
import { decodeMetricBatch, type MetricBatch } from './metric-batch.ts'
import { decodeObjectState, type ObjectState } from './object-state.ts'

/** Whatever enters a partition. */
export type Signal = MetricBatch | KubernetesEvent | ObjectState | Control

const DECODERS: Record<string, Decoder<Signal>> = {
  'metric-batch': decodeMetricBatch,
  'kubernetes-event': decodeKubernetesEvent,
  'object-state': decodeObjectState,
  control: decodeControl,
}

/** Checks a message of the SIGNALS stream by its `kind`. */
export const decodeSignal: Decoder<Signal> = (value) => {
  const kind = (value as { kind?: unknown } | null)?.kind
  const decode = typeof kind === 'string' && Object.hasOwn(DECODERS, kind) ? DECODERS[kind] : undefined
  return (
    decode?.(value) ?? {
      ok: false,
      errors: [`kind: expected one of ${Object.keys(DECODERS).join(', ')}, got ${JSON.stringify(kind) ?? 'nothing'}`],
    }
  )
}
