import { CRITICAL_ANNOTATION, type Target } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'

const keyOf = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`

/** Which workloads people have marked critical, by themselves or by their namespace, as the watches tell it. */
export class CriticalMarks {
  readonly #marked = new Set<string>()

  upsert(kind: string, { metadata: { namespace = '', name = '', annotations } = {} }: KubernetesObject): void {
    const key = keyOf(kind, namespace, name)
    if (annotations?.[CRITICAL_ANNOTATION] === 'true') this.#marked.add(key)
    else this.#marked.delete(key)
  }

  remove(kind: string, { metadata: { namespace = '', name = '' } = {} }: KubernetesObject): void {
    this.#marked.delete(keyOf(kind, namespace, name))
  }

  isCritical({ kind, namespace, name }: Target): boolean {
    return this.#marked.has(keyOf(kind, namespace, name)) || this.#marked.has(keyOf('Namespace', '', namespace))
  }
}
