import { EntityDetector, type EntityState } from '@kubewise/stats'

/** A place in a detector of so many metrics. */
export interface Slot {
  detector: EntityDetector
  index: number
  metrics: number
}

/** Tier 3 for entities of any number of metrics: those with as many share one detector. */
export class EntityPool {
  readonly #detectors = new Map<number, EntityDetector>()
  readonly #free = new Map<number, number[]>()

  take(metrics: number): Slot {
    let detector = this.#detectors.get(metrics)
    if (!detector) this.#detectors.set(metrics, (detector = new EntityDetector(metrics, 4)))
    return { detector, metrics, index: this.#free.get(metrics)?.pop() ?? detector.add() }
  }

  give({ detector, index, metrics }: Slot): void {
    detector.reset(index)
    const free = this.#free.get(metrics) ?? []
    free.push(index)
    this.#free.set(metrics, free)
  }
}

/** A slot's state as base64 of its numbers, the large parts in 32 bits as the detector holds them: a checkpoint has thousands. */
export type PackedEntityState = Record<keyof EntityState, string>

const base64Of = (array: Float32Array | Float64Array) => Buffer.from(array.buffer).toString('base64')
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64')).buffer
const wide = (text: string) => [...new Float64Array(bytesOf(text))]
const single = (text: string) => [...new Float32Array(bytesOf(text))]

export const packed = ({ entity, metrics, covariance, factor, recent }: EntityState): PackedEntityState => ({
  entity: base64Of(Float64Array.from(entity)),
  metrics: base64Of(Float64Array.from(metrics)),
  covariance: base64Of(Float32Array.from(covariance)),
  factor: base64Of(Float32Array.from(factor)),
  recent: base64Of(Float32Array.from(recent)),
})

export const unpacked = ({ entity, metrics, covariance, factor, recent }: PackedEntityState): EntityState => ({
  entity: wide(entity),
  metrics: wide(metrics),
  covariance: single(covariance),
  factor: single(factor),
  recent: single(recent),
})
