import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { History, Played } from '../../services/executor/src/fixture/history.ts'

/** One history's outcome; told with the history itself where something was violated. */
export interface Told extends Played {
  index: number
  history?: History
}

/** What came of all of them. */
export interface Virtual {
  runs: number
  kills: number
  freezes: number
  effects: number
  runsPerSecond: number
  faults: string[]
}

const PROGRAM = new URL('./virtual-worker.ts', import.meta.url)

/**
 * Plays histories in virtual time, in so many threads. The seed decides all of them, whatever the number of threads.
 *
 * @param onProgress told how many are over
 */
export async function playAll(
  { seed, runs, threads, signal }: { seed: number; runs: number; threads: number; signal: AbortSignal },
  onProgress: (over: number) => void,
): Promise<Virtual> {
  const startedMs = performance.now()
  const total: Virtual = { runs: 0, kills: 0, freezes: 0, effects: 0, runsPerSecond: 0, faults: [] }
  const take = ({ index, kills, freezes, effects, violations, history }: Told) => {
    total.runs++
    total.kills += kills
    total.freezes += freezes
    total.effects += effects
    total.faults.push(
      ...violations.map((fault) => `run ${index} of seed ${seed}: ${fault}\n  ${JSON.stringify(history)}`),
    )
    onProgress(total.runs)
  }
  const workers = Array.from({ length: threads }, (_, share) => {
    const worker = new Worker(PROGRAM, { workerData: { seed, runs, share, of: threads } })
    worker.on('message', take)
    signal.addEventListener('abort', () => void worker.terminate())
    return once(worker, 'exit')
  })
  await Promise.all(workers)
  total.runsPerSecond = total.runs / ((performance.now() - startedMs) / 1000)
  return total
}
