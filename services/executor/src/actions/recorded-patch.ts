import type { Refusal } from '@kubewise/contracts'
import type { JsonPatchOperation } from '@kubewise/kube'

function operationOf({ op, path, value }: Record<string, unknown>): JsonPatchOperation[] {
  const isKnown = (op === 'test' || op === 'replace' || op === 'add') && typeof path === 'string' && value !== undefined
  return isKnown ? [{ op, path, value }] : []
}

/** A reversal as it was recorded, whose form the record's schema leaves open. */
export function recordedPatch(patch: readonly Record<string, unknown>[] | undefined): JsonPatchOperation[] | Refusal {
  const operations = (patch ?? []).flatMap(operationOf)
  return patch && operations.length === patch.length && operations.length > 0
    ? operations
    : { code: 'undo-unreadable', say: 'What would take it back cannot be read from the record.' }
}
