const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`
const REPEATED = new RegExp(`^(${NUMBER}|_)(?:([+-]\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?))?(?:x(\\d+))?$`, 'i')
const MOST_VALUES = 100_000

/**
 * Values of a series in the notation of promtool's unit tests: `5x3` is 5 and three more of it, `0+10x3` is 0 10 20 30, `_` is no
 * sample.
 *
 * @returns a number for each sample, undefined for none
 * @throws RangeError on anything else
 */
export function valuesOf(values: string | readonly number[]): (number | undefined)[] {
  if (typeof values !== 'string') return [...values]
  const all = values
    .trim()
    .split(/\s+/)
    .flatMap((part) => {
      const [, first, step = '0', times = '0'] = REPEATED.exec(part) ?? []
      if (first === undefined) throw new RangeError(`expected a value such as 5, 5x3, 0+10x3 or _, got '${part}'`)
      if (Number(times) > MOST_VALUES) throw new RangeError(`expected at most ${MOST_VALUES} values, got '${part}'`)
      const length = first === '_' ? Math.max(1, Number(times)) : Number(times) + 1
      return Array.from({ length }, (_, index) => (first === '_' ? undefined : Number(first) + index * Number(step)))
    })
  return all
}
