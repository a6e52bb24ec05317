import { parseQuantity, type LimitRange, type QuantityText } from '@kubewise/kube'
import { containerAmounts, podAmounts } from './amounts.ts'
import type { Arrival } from './arrivals.ts'
import { gravest, notReadable, refuse, type Verdict } from './check.ts'
import { allContainers } from './pod-fields.ts'
import type { Place } from './place.ts'

type Item = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number]
type Given = Readonly<Record<string, QuantityText>>

const textOf = (value: QuantityText | undefined) => (value === undefined ? 'none' : String(value))
const nano = (value: QuantityText) => parseQuantity(value).nano

/** A bound demands that the value is named at all. */
function beyond({ max = {}, min = {} }: Item, limits: Given, requests: Given, who: string): string[] {
  const tooMuch = Object.entries(max)
    .filter(([name, most]) => limits[name] === undefined || nano(limits[name]) > nano(most))
    .map(([name, most]) => `${who} may have at most ${most} ${name} as limit, and has ${textOf(limits[name])}`)
  const tooLittle = Object.entries(min)
    .filter(([name, least]) => requests[name] === undefined || nano(requests[name]) < nano(least))
    .map(([name, least]) => `${who} must request at least ${least} ${name}, and requests ${textOf(requests[name])}`)
  return [...tooMuch, ...tooLittle]
}

function disproportion({ maxLimitRequestRatio = {} }: Item, limits: Given, requests: Given, who: string): string[] {
  return Object.entries(maxLimitRequestRatio)
    .filter(([name, ratio]) => {
      const [limit, request] = [limits[name], requests[name]]
      return limit !== undefined && request !== undefined && nano(limit) * nano(1) > nano(request) * nano(ratio)
    })
    .map(([name, ratio]) => `the limit of ${who} may be at most ${ratio} times its request of ${name}`)
}

const asTexts = (amounts: ReadonlyMap<string, bigint>): Given =>
  Object.fromEntries([...amounts].map(([name, value]) => [name, `${value}n`]))

function violations(item: Item, { template }: Arrival, ranges: readonly LimitRange[]): string[] {
  const { spec } = template
  if (!spec) return []
  if (item.type === 'Pod')
    return beyond(
      item,
      asTexts(podAmounts(spec, 'limits', ranges)),
      asTexts(podAmounts(spec, 'requests', ranges)),
      'the pod',
    )
  if (item.type !== 'Container') return []
  return allContainers(spec).flatMap((container) => {
    const { limits, requests } = containerAmounts(container, ranges)
    const who = `the container ${container.name}`
    return [...beyond(item, limits, requests, who), ...disproportion(item, limits, requests, who)]
  })
}

/** Do the pods that must come stay within the namespace's limits for one container or pod? */
export function checkLimitRanges(arrivals: readonly Arrival[], { limitRanges }: Place): Verdict {
  if (!limitRanges.isKnown) return notReadable('The limit ranges of the namespace', limitRanges.why)
  const ranges = limitRanges.value
  const found = ranges.flatMap(({ metadata, spec }) =>
    (spec?.limits ?? []).flatMap((item) =>
      arrivals.flatMap((arrival) =>
        violations(item, arrival, ranges).map((say) =>
          refuse('limit-range', `By the limit range ${metadata?.name}, ${say}.`),
        ),
      ),
    ),
  )
  return gravest(found, ranges.length === 0 ? 'The namespace has no limit range.' : 'The limit ranges are kept.')
}
