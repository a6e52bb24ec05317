import { Columns } from './columns.ts'

/** The unit in which alerts are budgeted: neighbouring samples depend on each other, the maxima of hours hardly do. */
export const BLOCK_MS = 3_600_000
/** Of a block's length must have been seen, else its maximum says too little. */
const BLOCK_SHARE = 0.75

/** Columns of one member's running block. */
const BLOCK = 0
const FIRST_MS = 1
const LAST_MS = 2
const MAXIMUM = 3
const HAS_ALERTED = 4
const COLUMNS = 5

/** A block that has ended. */
export interface Block {
  endMs: number
  maximum: number
  hasAlerted: boolean
}

/** Cuts a member's scores into disjoint blocks of the clock. */
export class BlockMaxima {
  readonly #columns = new Columns('block', COLUMNS, 16)

  /** Makes room for one more member and returns its index. */
  add(): number {
    return this.#columns.add()
  }

  reset(index: number): void {
    this.#columns.reset(index)
  }

  /**
   * @returns the block that this sample closes; none where too little of it was seen
   */
  learn(index: number, timeMs: number, score: number, hasAlerted: boolean): Block | undefined {
    const c = this.#columns.values
    const at = index * COLUMNS
    // One more than the hour, so that a member that was never seen is in none.
    const block = Math.floor(timeMs / BLOCK_MS) + 1
    let closed: Block | undefined
    if (block !== c[at + BLOCK]) {
      if (c[at + BLOCK] !== 0 && c[at + LAST_MS]! - c[at + FIRST_MS]! >= BLOCK_SHARE * BLOCK_MS)
        closed = { endMs: c[at + BLOCK]! * BLOCK_MS, maximum: c[at + MAXIMUM]!, hasAlerted: c[at + HAS_ALERTED] === 1 }
      c[at + BLOCK] = block
      c[at + FIRST_MS] = timeMs
      c[at + MAXIMUM] = 0
      c[at + HAS_ALERTED] = 0
    }
    c[at + LAST_MS] = timeMs
    c[at + MAXIMUM] = Math.max(c[at + MAXIMUM]!, score)
    if (hasAlerted) c[at + HAS_ALERTED] = 1
    return closed
  }

  stateOf(index: number): number[] {
    return this.#columns.stateOf(index)
  }

  /** @throws RangeError if the state is of another form */
  restore(index: number, state: readonly number[]): void {
    this.#columns.restore(index, state)
  }
}
