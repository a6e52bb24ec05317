import type { QuantityText } from './objects.ts'

/** How a quantity was written, which is how it is written again. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent'

/** An exact amount in billionths (`n`, the finest that Kubernetes knows), so that no sum or limit is ever rounded twice. */
export interface Quantity {
  readonly nano: bigint
  readonly format: QuantityFormat
}

const NANO = 1_000_000_000n

/** Powers of ten in nano. */
const DECIMAL_SUFFIXES: readonly (readonly [suffix: string, nano: bigint])[] = [
  ['E', 10n ** 27n],
  ['P', 10n ** 24n],
  ['T', 10n ** 21n],
  ['G', 10n ** 18n],
  ['M', 10n ** 15n],
  ['k', 10n ** 12n],
  ['', NANO],
  ['m', 1_000_000n],
  ['u', 1_000n],
  ['n', 1n],
]

const BINARY_SUFFIXES: readonly (readonly [suffix: string, nano: bigint])[] = [
  ['Ei', NANO << 60n],
  ['Pi', NANO << 50n],
  ['Ti', NANO << 40n],
  ['Gi', NANO << 30n],
  ['Mi', NANO << 20n],
  ['Ki', NANO << 10n],
  ['', NANO],
]

const FACTORS = new Map([...BINARY_SUFFIXES, ...DECIMAL_SUFFIXES])
const FORM = /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor
}

function factorOf(
  suffix: string | undefined,
  exponent: string | undefined,
): { numerator: bigint; denominator: bigint } {
  if (exponent === undefined) return { numerator: FACTORS.get(suffix ?? '') ?? NANO, denominator: 1n }
  const power = BigInt(exponent)
  return power >= 0n
    ? { numerator: NANO * 10n ** power, denominator: 1n }
    : { numerator: NANO, denominator: 10n ** -power }
}

/**
 * Reads a quantity such as `1.5`, `250m`, `128Mi`, `1e3`; what is finer than a billionth is rounded away from zero, as
 * Kubernetes does.
 *
 * @throws RangeError for anything else
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: QuantityText): Quantity {
  const match = FORM.exec(String(text))
  const [, sign = '', whole = '', fraction = '', suffix, exponent] = match ?? []
  if (match === null || whole + fraction === '') {
    throw new RangeError(
      `quantity: expected a number with a suffix such as m, k, Mi, got "${String(text).slice(0, 60)}"`,
    )
  }
  const { numerator, denominator } = factorOf(suffix, exponent)
  const magnitude = divideUp(BigInt(whole + fraction) * numerator, denominator * 10n ** BigInt(fraction.length))
  const format = exponent !== undefined ? 'exponent' : suffix?.endsWith('i') ? 'binary' : 'decimal'
  return { nano: sign === '-' ? -magnitude : magnitude, format }
}

/** The amount as a floating-point number in units: bytes, cores. Exact up to 2^53. */
export function quantityToNumber(quantity: Quantity | QuantityText): number {
  const { nano } = typeof quantity === 'object' ? quantity : parseQuantity(quantity)
  const whole = nano / NANO
  return Number(whole) + Number(nano - whole * NANO) / Number(NANO)
}

/** A quantity of whole bytes, written with binary suffixes. */
export function bytesQuantity(bytes: number): Quantity {
  return { nano: BigInt(Math.round(bytes)) * NANO, format: 'binary' }
}

/** A quantity of thousandths of a core. */
export function millicoresQuantity(millicores: number): Quantity {
  return { nano: BigInt(Math.round(millicores)) * 1_000_000n, format: 'decimal' }
}

/** Negative, zero or positive, as `Array.sort` wants it. */
export function compareQuantities(a: Quantity | QuantityText, b: Quantity | QuantityText): number {
  const left = typeof a === 'object' ? a : parseQuantity(a)
  const right = typeof b === 'object' ? b : parseQuantity(b)
  return left.nano === right.nano ? 0 : left.nano < right.nano ? -1 : 1
}

function largestExact(magnitude: bigint, suffixes: readonly (readonly [string, bigint])[]): string {
  for (const [suffix, factor] of suffixes) {
    if (magnitude >= factor && magnitude % factor === 0n) return `${magnitude / factor}${suffix}`
  }
  return `${magnitude}n`
}

/** The exponent form has powers that are multiples of three. */
function withExponent(magnitude: bigint): string {
  let power = -9
  let mantissa = magnitude
  while (mantissa % 1000n === 0n && mantissa !== 0n) {
    mantissa /= 1000n
    power += 3
  }
  return power === 0 ? `${mantissa}` : `${mantissa}e${power}`
}

/**
 * The canonical text: no fraction, the largest suffix that is exact. Binary amounts are whole (rounded up); one below
 * 1024 has no binary suffix, as in Kubernetes.
 */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0'
  const sign = nano < 0n ? '-' : ''
  const magnitude = nano < 0n ? -nano : nano
  if (format === 'exponent') return sign + withExponent(magnitude)
  if (format === 'decimal' || magnitude < 1024n * NANO) return sign + largestExact(magnitude, DECIMAL_SUFFIXES)
  return sign + largestExact(divideUp(magnitude, NANO) * NANO, BINARY_SUFFIXES)
}
