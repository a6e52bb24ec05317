/** Plays its share of the histories that a seed makes, and tells of each: `{ seed, runs, share, of, from }` is what it is given. */
import * as fc from 'fast-check'
import { parentPort, workerData } from 'node:worker_threads'
import { histories, play, type Played } from '../../services/executor/src/fixture/history.ts'
import type { Told } from './virtual.ts'

const { seed, runs, share, of, from } = workerData as Record<'seed' | 'runs' | 'share' | 'of' | 'from', number>

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
const tell = (told: Told) => parentPort?.postMessage(told)

for (const [index, history] of fc.sample(histories, { seed, numRuns: runs }).entries()) {
  if (index % of !== share || index < from) continue
  tell({ index, begins: history })
  const played: Played = await play(history).catch((error: unknown) => ({
    violations: [`it broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
    kills: 0,
    freezes: 0,
    effects: 0,
  }))
  tell({ index, ...played })
}
