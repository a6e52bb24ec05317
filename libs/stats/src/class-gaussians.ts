/** One feature as each class has it: a Gaussian with the least and the greatest value. Plain numbers, for a checkpoint. */
export interface ClassGaussians {
  weight: number[]
  mean: number[]
  /** Sum of weighted squares about the mean. */
  spread: number[]
  least: number[]
  greatest: number[]
}

const zeros = (count: number) => Array.from({ length: count }, () => 0)

export function classGaussians(classes: number): ClassGaussians {
  return {
    weight: zeros(classes),
    mean: zeros(classes),
    spread: zeros(classes),
    least: zeros(classes),
    greatest: zeros(classes),
  }
}

export function learnGaussian(of: ClassGaussians, label: number, value: number, weight: number): void {
  const before = of.weight[label]!
  of.least[label] = before === 0 ? value : Math.min(of.least[label]!, value)
  of.greatest[label] = before === 0 ? value : Math.max(of.greatest[label]!, value)
  of.weight[label] = before + weight
  const step = value - of.mean[label]!
  const mean = of.mean[label]! + (step * weight) / (before + weight)
  of.mean[label] = mean
  of.spread[label] = of.spread[label]! + weight * step * (value - mean)
}

const variance = (of: ClassGaussians, label: number) =>
  of.weight[label]! > 1 ? of.spread[label]! / (of.weight[label]! - 1) : 0

/** Logarithm of a class's density; 0, which says nothing, while it has no spread. */
export function logDensity(of: ClassGaussians, label: number, value: number): number {
  const ofClass = variance(of, label)
  if (ofClass <= 0) return 0
  return -((value - of.mean[label]!) ** 2 / ofClass + Math.log(2 * Math.PI * ofClass)) / 2
}

/** How much of each class lies below a value, by weight. */
export function weightsBelow(of: ClassGaussians, value: number): number[] {
  return of.weight.map((weight, label) => {
    if (weight === 0 || value < of.least[label]!) return 0
    if (value >= of.greatest[label]!) return weight
    const ofClass = variance(of, label)
    if (ofClass <= 0) return value < of.mean[label]! ? 0 : weight
    return weight * normalShare((value - of.mean[label]!) / Math.sqrt(ofClass))
  })
}

/** Places between the least and the greatest value, evenly: where a split is tried. */
export function placesOf(of: ClassGaussians, count: number): number[] {
  const known = of.weight.flatMap((weight, label) => (weight > 0 ? [label] : []))
  if (known.length === 0) return []
  const least = Math.min(...known.map((label) => of.least[label]!))
  const greatest = Math.max(...known.map((label) => of.greatest[label]!))
  return Array.from({ length: count }, (_, i) => least + ((greatest - least) * (i + 1)) / (count + 1)).filter(
    (place) => place > least && place < greatest,
  )
}

/** Share of a standard Gaussian below z, to 1e-7: Abramowitz, Stegun 26.2.17. */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
  return z > 0 ? 1 - above : above
}
