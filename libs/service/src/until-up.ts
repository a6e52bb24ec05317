import { explain } from './explain.ts'
import { backoffMs } from './retry.ts'
import type { Kit } from './kit.ts'

const FIRST_REST_MS = 500
const LONGEST_REST_MS = 15_000

/**
 * Connects to something the service cannot work without, for as long as it takes: a service that starts before its
 * dependency waits, it does not crash. Until then it is not ready and its health says what is missing; the log gets one
 * line when it is missed and one when it is there, not one a try.
 *
 * @param name of the dependency, as people know it: `nats`, `mongodb`, `prometheus`, `cluster`
 * @throws the signal's reason, and nothing else
 */
export async function untilUp<T>(
  name: string,
  connect: (signal: AbortSignal) => Promise<T>,
  { clock, log, health, signal }: Pick<Kit, 'clock' | 'log' | 'health' | 'signal'>,
): Promise<T> {
  health.set(name, 'ready', { ok: false, say: `${name}: connecting` })
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      const connected = await connect(signal)
      if (attempt > 1) log.info({ dependency: name, attempts: attempt }, 'dependency is reachable')
      health.set(name, 'ready', { ok: true, say: `${name}: connected` })
      return connected
    } catch (error) {
      signal.throwIfAborted()
      const say = `${name} cannot be reached: ${explain(error)}`
      if (attempt === 1) log.warn({ dependency: name, say }, 'dependency is missing, trying until it is there')
      health.set(name, 'ready', { ok: false, say })
    }
    await clock.sleep(backoffMs(attempt, { firstMs: FIRST_REST_MS, maxMs: LONGEST_REST_MS }), signal)
  }
}
