import {
  formatQuantity,
  parseQuantity,
  quantityToNumber,
  type JsonPatchOperation,
  type QuantityText,
} from '@kubewise/kube'

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

/** A quantity in the one form in which the API server keeps it (`98304Ki` becomes `96Mi`), so that what is found there can be compared with it. */
export const asStored = (quantity: string): string => formatQuantity(parseQuantity(quantity))
