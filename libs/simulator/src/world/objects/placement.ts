import type { Node, PodSpec, Taint, Toleration } from '@kubewise/kube'

export function isTolerated(taint: Taint, tolerations: readonly Toleration[] = []): boolean {
  return tolerations.some(({ key, operator, value, effect }) => {
    const isSameEffect = effect === undefined || effect === '' || effect === taint.effect
    const isSameKey = key === undefined || key === '' ? operator === 'Exists' : key === taint.key
    return isSameEffect && isSameKey && (operator === 'Exists' || (value ?? '') === (taint.value ?? ''))
  })
}

/** Taints that keep a pod off a node, or drive it away. */
export function untolerated(
  node: Node,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint[] {
  return (node.spec?.taints ?? []).filter((taint) => effects.includes(taint.effect) && !isTolerated(taint, tolerations))
}

export function isNodeSelected(spec: PodSpec, node: Node): boolean {
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.metadata?.labels?.[key] === value)
}
