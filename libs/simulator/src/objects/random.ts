/** Numbers in [0, 1) from a seed (mulberry32), so that two runs of the simulator name and choose alike. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Letters and digits without vowels and look-alikes, as the API server's `generateName` uses. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

export function randomSuffix(random: () => number, length = 5): string {
  return Array.from({ length }, () => NAME_LETTERS[Math.floor(random() * NAME_LETTERS.length)]).join('')
}

/** A version 4 UUID from the given source of randomness. */
export function randomUuid(random: () => number): string {
  const digit = (limit: number) => Math.floor(random() * limit)
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replaceAll(/[xy]/g, (letter) =>
    (letter === 'x' ? digit(16) : 8 + digit(4)).toString(16),
  )
}
