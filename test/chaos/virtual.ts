import { Worker } from 'node:worker_threads'
import type { History, Played } from '../../services/executor/src/fixture/history.ts'

/** What a thread tells: which history it begins, and what came of it. */
export type Told = { index: number; begins: History } | ({ index: number } & Played)

/** What came of all of them. */
export interface Virtual {
  runs: number
  kills: number
  freezes: number
  effects: number
  runsPerSecond: number
  faults: string[]
}

/** Which histories are played, and by what. */
export interface Playing {
  seed: number
  runs: number
  threads: number
  signal: AbortSignal
  /** Of a thread. */
  program?: URL
  /** In real time: a history takes milliseconds. */
  longestMs?: number
}

const PROGRAM = new URL('./virtual-worker.ts', import.meta.url)
const LONGEST_MS = 60_000

/**
 * Plays histories in virtual time, in so many threads. The seed decides all of them, whatever the number of threads. One that does
 * not end is a fault: its thread is ended, and another goes on with what is left.
 *
 * @param onProgress told after each
 */
export async function playAll(
  { seed, runs, threads, signal, program = PROGRAM, longestMs = LONGEST_MS }: Playing,
  onProgress: () => void,
): Promise<Virtual> {
  const startedMs = performance.now()
  const total: Virtual = { runs: 0, kills: 0, freezes: 0, effects: 0, runsPerSecond: 0, faults: [] }
  const fault = (index: number, what: string, history: History | undefined) =>
    total.faults.push(`run ${index} of seed ${seed}: ${what}\n  ${JSON.stringify(history)}`)

  /** @returns where another thread is to go on; undefined when its share is played */
  function playShare(share: number, from: number): Promise<number | undefined> {
    const worker = new Worker(program, { workerData: { seed, runs, share, of: threads, from } })
    const stop = () => void worker.terminate()
    let current: { index: number; history: History } | undefined
    let alarm: NodeJS.Timeout | undefined
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    const goOnAfter = (what: string) => {
      if (!current) return
      fault(current.index, what, current.history)
      total.runs++
      onProgress()
      resolve(current.index + 1)
      stop()
    }
    worker.on('message', (told: Told) => {
      clearTimeout(alarm)
      if ('begins' in told) {
        current = { index: told.index, history: told.begins }
        alarm = setTimeout(() => goOnAfter(`it did not end within ${longestMs / 1000} s`), longestMs)
        return
      }
      total.runs++
      total.kills += told.kills
      total.freezes += told.freezes
      total.effects += told.effects
      for (const violation of told.violations) fault(told.index, violation, current?.history)
      current = undefined
      onProgress()
    })
    worker.on('error', (error) => goOnAfter(`its thread ended: ${String(error)}`))
    worker.on('exit', () => {
      clearTimeout(alarm)
      signal.removeEventListener('abort', stop)
      resolve(undefined)
    })
    signal.addEventListener('abort', stop)
    return promise
  }

  const play = async (share: number) => {
    let next: number | undefined = 0
    while (next !== undefined && !signal.aborted) next = await playShare(share, next)
  }
  await Promise.all(Array.from({ length: threads }, (_, share) => play(share)))
  if (total.runs < runs && !signal.aborted) total.faults.push(`only ${total.runs} of ${runs} histories were played`)
  total.runsPerSecond = total.runs / ((performance.now() - startedMs) / 1000)
  return total
}
