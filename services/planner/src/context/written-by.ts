import { ownsField, timeMs, type KubernetesObject } from '@kubewise/kube'
import { plainName } from './plain-name.ts'

export interface Writer {
  manager: string
  /** Of the manager's last write to any field of the object: not before it wrote this one. */
  atMs: number | undefined
}

/**
 * Who wrote a field last, by managed fields. The time there is the manager's last write of anything, so it bounds the change
 * from above only; status writes are left out.
 */
export function writersOf({ metadata }: KubernetesObject, path: readonly string[]): Writer[] {
  return (metadata?.managedFields ?? [])
    .filter((entry) => entry.subresource !== 'status' && ownsField(entry, path))
    .map(({ manager = '', time }) => ({ manager: plainName(manager), atMs: timeMs(time) }))
    .sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0))
}

export const writerOf = (object: KubernetesObject, path: readonly string[]): Writer | undefined =>
  writersOf(object, path)[0]
