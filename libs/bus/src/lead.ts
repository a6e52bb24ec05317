import type { Clock, Logger } from '@kubewise/service'
import type { KeyValue } from './port.ts'

export interface LeadOptions {
  /** Opened anew for each try, since a recreated bucket makes an old handle useless. */
  leases: () => Promise<KeyValue>
  key: string
  /** Who we are. */
  holder: string
  /** Shorter than a third of the bucket's time to live. */
  renewMs: number
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** Runs while we lead; must end soon after its signal aborts. */
  work: (signal: AbortSignal) => Promise<void>
}

/**
 * Runs `work` only while this process holds a lease that it renews, and stands by otherwise. For liveness alone: two may lead
 * for a moment when clocks or networks misbehave, so what the work does must be harmless when done twice.
 *
 * @returns when the signal aborts; the lease is given back
 */
export async function lead({ leases, key, holder, renewMs, clock, log, signal, work }: LeadOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      const bucket = await leases()
      const revision = await bucket.create(key, { holder })
      if (revision !== undefined) await hold(bucket, revision)
    } catch (error) {
      if (!signal.aborted) log.warn({ key, err: error }, 'lease not taken')
    }
    await clock.sleep(renewMs, signal).catch(() => undefined)
  }

  async function hold(bucket: KeyValue, first: number): Promise<void> {
    log.info({ key }, 'leading')
    const ending = new AbortController()
    const running = work(AbortSignal.any([signal, ending.signal])).catch((error: unknown) => {
      if (!signal.aborted && !ending.signal.aborted) log.error({ key, err: error }, 'work of the leader failed')
      ending.abort(error)
    })
    let revision: number | undefined = first
    while (revision !== undefined && !signal.aborted && !ending.signal.aborted) {
      await clock.sleep(renewMs, AbortSignal.any([signal, ending.signal])).catch(() => undefined)
      if (signal.aborted || ending.signal.aborted) break
      revision = await bucket.update(key, { holder }, revision).catch(() => undefined)
    }
    ending.abort(new Error(`the lease ${key} is held by somebody else`))
    await running
    if (revision !== undefined) await bucket.delete(key).catch(() => undefined)
    if (!signal.aborted) log.info({ key }, 'not leading any more')
  }
}
