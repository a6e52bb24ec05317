import { HttpError } from '@kubewise/service'

/** How much of an answer is kept, and how much is read at all; in bytes after decompression. */
export interface AnswerBounds {
  /** Series that are kept. What comes after them is counted, not kept. */
  series: number
  /** Bytes that are kept, about: an answer that is longer ends with the last whole series before them. */
  keptBytes: number
  /** Bytes after which the answer is refused as a whole. */
  maxBytes: number
}

export const ANSWER_BOUNDS: AnswerBounds = { series: 200_000, keptBytes: 64 * 1024 ** 2, maxBytes: 256 * 1024 ** 2 }

/**
 * Where one series of an answer ends and the next begins, as every Prometheus writes it. No label can hold it: a quote within a text is
 * escaped, so this one would end the text, and no text is followed by a name.
 */
const BETWEEN = Buffer.from('},{"metric":{')
const END = ']}}'

/**
 * Reads an answer of the Prometheus HTTP API without holding more of it than the bounds allow: the first series as they are, JSON
 * again, the others as a number.
 *
 * @throws HttpError too-large where it is longer than `maxBytes`, or cannot be cut between two series
 */
export async function readSome(
  chunks: AsyncIterable<Uint8Array>,
  { series, keptBytes, maxBytes }: AnswerBounds,
): Promise<{ text: string; leftOut: number }> {
  const kept: Uint8Array[] = []
  let bytes = 0
  /** The end of what was read already, since what is looked for may lie across two chunks. */
  let rest: Uint8Array = Buffer.alloc(0)
  let borders = 0
  let cutAt: number | undefined
  let keptBorders = 0
  let isFull = false
  for await (const chunk of chunks) {
    if (!isFull) kept.push(chunk)
    const seen = Buffer.concat([rest, chunk])
    const startAt = bytes - rest.length
    for (let at = seen.indexOf(BETWEEN); at !== -1; at = seen.indexOf(BETWEEN, at + 1)) {
      borders += 1
      if (isFull) continue
      cutAt = startAt + at + 1
      keptBorders = borders
      isFull = borders >= series
    }
    bytes += chunk.length
    if (bytes > maxBytes) throw new HttpError('too-large', `Prometheus answered more than ${maxBytes} bytes`)
    if (bytes > keptBytes) isFull = true
    if (isFull && cutAt === undefined)
      throw new HttpError('too-large', `Prometheus answered more than ${keptBytes} bytes with one series`)
    rest = seen.subarray(Math.max(0, seen.length - BETWEEN.length + 1))
  }
  const whole = Buffer.concat(kept)
  if (!isFull || cutAt === undefined) return { text: whole.toString(), leftOut: 0 }
  return { text: whole.subarray(0, cutAt).toString() + END, leftOut: borders + 1 - keptBorders }
}
