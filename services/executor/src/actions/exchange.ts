import { quantityToNumber, type JsonPatchOperation, type QuantityText } from '@kubewise/kube'

/** Replaces a value only where it is still what it was; the other way round, this takes it back. */
export const exchange = (path: string, from: unknown, to: unknown): JsonPatchOperation[] => [
  { op: 'test', path, value: from },
  { op: 'replace', path, value: to },
]

/** A quantity as a number; NaN for one that is absent or none, which no bound lets through. */
export function amountOf(quantity: QuantityText | undefined): number {
  try {
    return quantity === undefined ? Number.NaN : quantityToNumber(quantity)
  } catch {
    return Number.NaN
  }
}
