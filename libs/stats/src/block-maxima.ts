/** The unit in which alerts are budgeted: neighbouring samples depend on each other, the maxima of hours hardly do. */
export const BLOCK_MS = 3_600_000
/** Of a block's length must have been seen, else its maximum says too little. */
const BLOCK_SHARE = 0.75

/** The running maximum of one member's block. */
export interface BlockState {
  block: number
  firstMs: number
  lastMs: number
  maximum: number
  hasAlerted: boolean
}

/** A block that has ended. */
export interface Block {
  endMs: number
  maximum: number
  hasAlerted: boolean
}

/** Cuts a member's scores into disjoint blocks of the clock. */
export class BlockMaxima {
  #blocks: BlockState[] = []

  add(): number {
    return this.#blocks.push(emptyBlock()) - 1
  }

  reset(index: number): void {
    this.#blocks[index] = emptyBlock()
  }

  /** @returns the block that this sample closes; none where too little of it was seen */
  learn(index: number, timeMs: number, score: number, hasAlerted: boolean): Block | undefined {
    const state = this.#blocks[index]!
    const block = Math.floor(timeMs / BLOCK_MS)
    let closed: Block | undefined
    if (block !== state.block) {
      if (state.lastMs - state.firstMs >= BLOCK_SHARE * BLOCK_MS)
        closed = { endMs: (state.block + 1) * BLOCK_MS, maximum: state.maximum, hasAlerted: state.hasAlerted }
      state.block = block
      state.firstMs = timeMs
      state.maximum = 0
      state.hasAlerted = false
    }
    state.lastMs = timeMs
    state.maximum = Math.max(state.maximum, score)
    state.hasAlerted ||= hasAlerted
    return closed
  }

  stateOf(index: number): BlockState {
    return { ...this.#blocks[index]! }
  }

  restore(index: number, state: BlockState): void {
    this.#blocks[index] = { ...state }
  }
}

const emptyBlock = (): BlockState => ({ block: -1, firstMs: 0, lastMs: 0, maximum: 0, hasAlerted: false })
