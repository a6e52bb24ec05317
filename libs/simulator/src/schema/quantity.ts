/*
 * Quantities as the API server reads and writes them: `0.5` becomes `500m`, `1024Mi` becomes `1Gi`. Exact, by BigInt.
 */

export interface Quantity {
  /** The value in billionths, the finest grain a quantity has. */
  nanos: bigint
  format: 'decimal' | 'binary' | 'exponent'
}

const NANO = 1_000_000_000n
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/

const DECIMAL_EXPONENT: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const BINARY_POWER: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n }
const DECIMAL_BY_EXPONENT = new Map(Object.entries(DECIMAL_EXPONENT).map(([suffix, exponent]) => [exponent, suffix]))

/** Digits times ten to the `exponent`, in billionths; what is finer is rounded up, as the server does. */
function scaled(digits: bigint, exponent: number): bigint {
  const power = exponent + 9
  if (power >= 0) return digits * 10n ** BigInt(power)
  const divisor = 10n ** BigInt(-power)
  return (digits + divisor - 1n) / divisor
}

/** @returns undefined for text that is no quantity */
export function parseQuantity(text: string | number): Quantity | undefined {
  const match = PATTERN.exec(String(text).trim())
  const [, sign, whole = '', fraction = '', suffix = ''] = match ?? []
  if (match === null || whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const isExponent = /^[eE][+-]?\d/.test(suffix)
  const binary = BINARY_POWER[suffix]
  const exponent = isExponent ? Number(suffix.slice(1)) : (DECIMAL_EXPONENT[suffix] ?? 0)
  if (Math.abs(exponent) > 100) return undefined
  const magnitude = scaled(digits, exponent - fraction.length) << (binary ?? 0n)
  return {
    nanos: sign === '-' ? -magnitude : magnitude,
    format: isExponent ? 'exponent' : binary === undefined ? 'decimal' : 'binary',
  }
}

function formatDecimal(nanos: bigint, suffixOf: (exponent: number) => string): string {
  if (nanos === 0n) return '0'
  let rest = nanos
  let exponent = -9
  while (exponent < 18 && rest % 1000n === 0n) {
    rest /= 1000n
    exponent += 3
  }
  return `${rest}${suffixOf(exponent)}`
}

function formatBinary(nanos: bigint): string | undefined {
  const units = nanos / NANO
  if (nanos % NANO !== 0n || (units > -1024n && units < 1024n)) return undefined
  let rest = units
  let suffix = ''
  for (const [name] of Object.entries(BINARY_POWER)) {
    if (rest % 1024n !== 0n) break
    rest /= 1024n
    suffix = name
  }
  return `${rest}${suffix}`
}

/** The one spelling the server writes for a quantity. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (format === 'exponent') return formatDecimal(nanos, (exponent) => (exponent === 0 ? '' : `e${exponent}`))
  const binary = format === 'binary' ? formatBinary(nanos) : undefined
  return binary ?? formatDecimal(nanos, (exponent) => DECIMAL_BY_EXPONENT.get(exponent) ?? '')
}

/** Billionths; 0 for what is no quantity (it was refused where it came in). */
export function nanosOf(text: string | number | undefined): bigint {
  return text === undefined ? 0n : (parseQuantity(text)?.nanos ?? 0n)
}
