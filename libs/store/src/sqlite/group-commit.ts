import { setImmediate } from 'node:timers/promises'
import type { DatabaseSync } from 'node:sqlite'

interface Waiting {
  run: () => number
  resolve: (changes: number) => void
  reject: (error: unknown) => void
}

type Outcome = { changes: number } | { error: unknown }

/** So that a transaction does not hold the event loop, and others' lock, for long. */
const MOST_AT_ONCE = 128

/**
 * Runs all in one transaction; what one of them refuses does not touch the others.
 * @throws when the transaction as a whole did not come about: then none was written
 */
function inOneTransaction(db: DatabaseSync, batch: readonly Waiting[]): Outcome[] {
  db.exec('BEGIN IMMEDIATE')
  try {
    const outcomes = batch.map(({ run }): Outcome => {
      try {
        return { changes: run() }
      } catch (error) {
        // A full disk, say, takes the whole transaction back.
        if (!db.isTransaction) throw error
        return { error }
      }
    })
    db.exec('COMMIT')
    return outcomes
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/**
 * Writes that come at the same time are made durable by one flush of the disk, which is what a write costs. Each is told of
 * only when it is durable, as if it were alone.
 *
 * @param attempt runs a synchronous task, again while another process holds the lock, with errors in the store's words
 */
export function createGroupCommit(
  db: DatabaseSync,
  attempt: <T>(task: () => T) => Promise<T>,
): (run: () => number) => Promise<number> {
  let waiting: Waiting[] = []

  async function one({ run, resolve, reject }: Waiting): Promise<void> {
    await attempt(run).then(resolve, reject)
  }

  async function together(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await attempt(() => inOneTransaction(db, batch))
      for (const [index, outcome] of outcomes.entries())
        if ('changes' in outcome) batch[index]?.resolve(outcome.changes)
        // Alone it fails in the store's words.
        else if (batch[index]) await one(batch[index])
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      await setImmediate()
      const batch = waiting.slice(0, MOST_AT_ONCE)
      const [first] = batch
      await (batch.length === 1 && first ? one(first) : together(batch))
      waiting = waiting.slice(batch.length)
    }
  }

  return (run) =>
    new Promise((resolve, reject) => {
      waiting.push({ run, resolve, reject })
      if (waiting.length === 1) void flush()
    })
}
