import CircuitBreaker from 'opossum'
import { explain } from './explain.ts'
import type { Kit } from './kit.ts'

export interface BreakerOptions {
  /**
   * Of one call; then its signal aborts and it counts as failed. Left out before a dependency whose own time-out tells
   * more: of a write, only its client knows whether it was sent.
   */
  timeoutMs?: number
  /** How long the circuit stays open before one call may try again. */
  openMs: number
  /** Calls within the window before the circuit can open at all; it then opens once more than half of them failed. */
  errorThreshold: number
  windowMs?: number
  /**
   * Whether an error tells that the dependency is ill; all do unless told. What it answers by design (404, 409, 422, 429
   * of a disruption budget) must not: a breaker that opens on those stops a healthy dependency. Undefined where the error
   * tells nothing, such as a caller that gave up: it does not count, and as the one call of a half-open circuit it does
   * not close it.
   */
  isFailure?: (error: unknown) => boolean | undefined
}

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Stands before one dependency, whatever is asked of it, and spares it while it is ill. */
export interface Breaker {
  /** @throws BreakerOpenError without a call while the circuit is open, DeadlineError after the time-out, or the task's own error */
  run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>
  state(): BreakerState
  stop(): void
}

/** The dependency was not asked, since it failed too often lately: what was to be sent was certainly not sent. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError'
  /** After which another call may be let through. */
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** A call did not end in time; whether it had an effect is unknown. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

const STATE_VALUES: Record<BreakerState, number> = { closed: 0, open: 1, 'half-open': 2 }
const WINDOW_MS = 60_000
/** How long to stay away while the one call of a half-open circuit is under way. */
const TRIAL_MS = 500

// opossum's own time-out aborts one controller that all calls share, so a slow call would cancel its neighbours.
async function withDeadline<T>(
  target: string,
  ms: number | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  if (ms === undefined) return task(controller.signal)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new DeadlineError(`${target} did not answer within ${ms} ms`)
    reject(error)
    controller.abort(error)
  }, ms)
  try {
    return await Promise.race([late, task(controller.signal)])
  } finally {
    clearTimeout(timer)
  }
}

const isOpenError = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code === 'EOPENBREAKER'

/**
 * A circuit breaker for one dependency. Its time is the machine's: it protects real servers.
 * @param target name of the dependency, also the label of `kubewise_breaker_state`
 */
export function createBreaker(
  target: string,
  { timeoutMs, openMs, errorThreshold, windowMs = WINDOW_MS, isFailure = () => true }: BreakerOptions,
  { log, metrics, health }: Pick<Kit, 'log' | 'metrics' | 'health'>,
): Breaker {
  let openedMs = 0
  const circuit: CircuitBreaker<[task: () => Promise<unknown>]> = new CircuitBreaker(
    (task: () => Promise<unknown>) => task(),
    {
      name: target,
      timeout: false,
      resetTimeout: openMs,
      rollingCountTimeout: windowMs,
      volumeThreshold: errorThreshold,
      errorThresholdPercentage: 50,
      errorFilter: (error: unknown) => !(isFailure(error) ?? circuit.halfOpen),
      enableSnapshots: false,
    },
  )
  const gauge = metrics.gauge('kubewise_breaker_state', 'Circuit to a dependency: 0 closed, 1 open, 2 half open.', {
    target: [],
  })
  const show = (state: BreakerState) => gauge.set({ target }, STATE_VALUES[state])
  let lastError = 'no error'
  show('closed')
  health.watch(`circuit to ${target}`, 'quality', () => ({
    ok: circuit.closed,
    say: circuit.closed ? 'closed' : `open: ${lastError}`,
  }))
  circuit.on('failure', (error) => void (lastError = explain(error)))
  circuit.on('open', () => {
    show('open')
    openedMs = performance.now()
    log.warn({ target, openMs, say: lastError }, 'circuit opened')
  })
  circuit.on('halfOpen', () => show('half-open'))
  circuit.on('close', () => {
    show('closed')
    log.info({ target }, 'circuit closed')
  })

  return {
    async run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
      try {
        return (await circuit.fire(() => withDeadline(target, timeoutMs, task))) as T
      } catch (error) {
        if (!isOpenError(error)) throw error
        const restMs = circuit.opened ? openedMs + openMs - performance.now() : 0
        const say = `${target} was not asked, it failed too often lately: ${lastError}`
        throw new BreakerOpenError(say, Math.max(TRIAL_MS, Math.ceil(restMs)))
      }
    },
    state: () => (circuit.opened ? 'open' : circuit.halfOpen ? 'half-open' : 'closed'),
    stop() {
      circuit.shutdown()
      health.remove(`circuit to ${target}`)
    },
  }
}
