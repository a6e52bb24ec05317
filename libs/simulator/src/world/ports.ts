import type { Logger } from '@kubewise/service'
import type { ObjectStore } from '../port.ts'
import type { EventSink } from './events/recorder.ts'

/** What every controller is given. */
export interface WorldPorts {
  objects: ObjectStore
  events: EventSink
  log: Logger
  /** In [0, 1), seeded: two runs with the same seed and clock do the same. */
  random: () => number
}

/** Compares what is wished with what is, and takes the next step. Safe to call at any time, as often as one likes. */
export type Reconcile = (nowMs: number) => void
