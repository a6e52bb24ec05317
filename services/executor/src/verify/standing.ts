import { isDeepStrictEqual } from 'node:util'
import type { ExecutionStep } from '@kubewise/contracts'
import { templateHash, type KubernetesObject } from '@kubewise/kube'

type Change = ExecutionStep['changes'][number]

/** Known by its hash, as it is recorded. */
const TEMPLATE = '/spec/template'

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** What lies at a JSON pointer; undefined where nothing does. */
function valueAt(object: unknown, path: string): unknown {
  const keys = path.split('/').slice(1)
  return keys
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined), object)
}

/** What the server leaves out is as good as what was written. */
const isNothing = (value: unknown) => value === undefined || value === null || value === false || value === ''

function stands(object: KubernetesObject, { path, after }: Change): boolean {
  const value = valueAt(object, path)
  if (path === TEMPLATE) return isRecord(value) && templateHash(value) === after
  // Of a list others may write members of their own, and what is recorded of it is in words.
  if (isRecord(value) || isRecord(after)) return true
  return isNothing(after) ? isNothing(value) : isDeepStrictEqual(value, after)
}

/**
 * The first field that does not hold any more what a step has written. A controller that sets a field back leaves our notes on
 * the object, so that these alone do not tell.
 */
export function setBack(object: KubernetesObject, changes: readonly Change[]): Change | undefined {
  return changes.find((change) => !stands(object, change))
}
