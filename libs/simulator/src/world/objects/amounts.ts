import { quantityToNumber, type Container, type IntOrString, type Pod, type QuantityText } from '@kubewise/kube'

/** A number or a percentage of `total`. */
export function resolveAmount(value: IntOrString, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  const share = (Number.parseFloat(value) / 100) * total
  return value.endsWith('%') ? (rounding === 'up' ? Math.ceil(share) : Math.floor(share)) : Number(value)
}

/** @returns undefined for what is absent or no quantity */
export function amountOf(quantity: QuantityText | undefined): number | undefined {
  if (quantity === undefined) return undefined
  try {
    return quantityToNumber(quantity)
  } catch {
    return undefined
  }
}

/** What a pod asks of its node: the sum of its containers, or of one init container if that is more. */
export function requestOf(pod: Pod, resource: string): number {
  const request = (container: Container) =>
    amountOf(container.resources?.requests?.[resource]) ?? amountOf(container.resources?.limits?.[resource]) ?? 0
  const sum = (pod.spec?.containers ?? []).reduce((total, container) => total + request(container), 0)
  return Math.max(sum, ...(pod.spec?.initContainers ?? []).map(request))
}
