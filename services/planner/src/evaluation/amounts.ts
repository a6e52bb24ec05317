import { parseQuantity, type Container, type LimitRange, type PodSpec, type QuantityText } from '@kubewise/kube'
import type { CheckedPodSpec } from './pod-fields.ts'

/** Amounts by resource, in billionths; see `Quantity`. */
export type Amounts = ReadonlyMap<string, bigint>

export type AmountKind = 'requests' | 'limits'

type Texts = Readonly<Record<string, QuantityText>>

const nano = (text: QuantityText): bigint => {
  try {
    return parseQuantity(text).nano
  } catch {
    return 0n
  }
}

export const amountsOf = (texts: Texts = {}): Amounts =>
  new Map(Object.entries(texts).map(([name, text]) => [name, nano(text)]))

export function combine(a: Amounts, b: Amounts, how: (a: bigint, b: bigint) => bigint): Amounts {
  const names = new Set([...a.keys(), ...b.keys()])
  return new Map([...names].map((name) => [name, how(a.get(name) ?? 0n, b.get(name) ?? 0n)]))
}

export const sum = (a: bigint, b: bigint) => a + b
const larger = (a: bigint, b: bigint) => (a > b ? a : b)

const defaultsIn = (ranges: readonly LimitRange[]) =>
  ranges.flatMap(({ spec }) => spec?.limits ?? []).filter(({ type }) => type === 'Container')

/** What a container asks for once the API server has filled in what it leaves open: limits stand for requests, a LimitRange for both. */
export function containerAmounts(
  { resources = {} }: Pick<Container, 'resources'>,
  ranges: readonly LimitRange[],
): Record<AmountKind, Texts> {
  const items = defaultsIn(ranges)
  // A container's own limit stands for its request before any default of the namespace does.
  const own = { ...resources.limits, ...resources.requests }
  const limits = Object.assign({}, ...items.map((item) => item.default ?? {}), resources.limits) as Texts
  const requests = Object.assign(
    {},
    ...items.map((item) => ({ ...item.default, ...item.defaultRequest })),
    own,
  ) as Texts
  return { requests, limits }
}

const isSidecar = ({ restartPolicy }: Container) => restartPolicy === 'Always'

/** What a pod counts for, as the scheduler and quotas see it: all that run at once, or the largest that runs before them. */
export function podAmounts(spec: PodSpec, kind: AmountKind, ranges: readonly LimitRange[] = []): Amounts {
  const init = spec.initContainers ?? []
  const of = (container: Container) => amountsOf(containerAmounts(container, ranges)[kind])
  const together = [...spec.containers, ...init.filter(isSidecar)].map(of)
  const before = init.filter((container) => !isSidecar(container)).map(of)
  const running = together.reduce((all, each) => combine(all, each, sum), new Map<string, bigint>())
  const most = before.reduce((all, each) => combine(all, each, larger), running)
  return combine(most, amountsOf((spec as CheckedPodSpec).overhead), sum)
}
