import { ofEach, type FunctionSpec } from '../function.ts'

/** Half away from minus infinity, to a multiple. Prometheus multiplies by the inverse, which is exact for .1, .01 and so on. */
function roundTo(value: number, nearest = 1): number {
  const inverse = 1 / nearest
  return Math.floor(value * inverse + 0.5) / inverse
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value))
}

const clampSpec = ofEach(clamp, 2)

export const MATH_FUNCTIONS: Record<string, FunctionSpec> = {
  abs: ofEach(Math.abs),
  ceil: ofEach(Math.ceil),
  floor: ofEach(Math.floor),
  exp: ofEach(Math.exp),
  ln: ofEach(Math.log),
  log2: ofEach(Math.log2),
  log10: ofEach(Math.log10),
  sqrt: ofEach(Math.sqrt),
  sgn: ofEach(Math.sign),
  round: ofEach(roundTo, 1, 1),
  clamp_min: ofEach((value, least) => Math.max(value, least), 1),
  clamp_max: ofEach((value, most) => Math.min(value, most), 1),
  clamp: {
    ...clampSpec,
    call(input) {
      const [, least, most] = input.values
      const isEmpty = least?.type === 'scalar' && most?.type === 'scalar' && most.value < least.value
      return isEmpty ? { type: 'vector', samples: [] } : clampSpec.call(input)
    },
  },
}
