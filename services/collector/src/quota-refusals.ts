/** The API server's own words, in an Event of a controller or a Deployment's condition. The name is all that is taken from it. */
const REFUSAL = /\b(?:exceeded|failed) quota: ([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)[,:]/

/** A controller that cannot create pods tries again after at most 1000 s; its Event is believed a little longer. */
const REMEMBERED_MS = 1_100_000
const MAX_QUOTAS = 5000
const MAX_WORKLOADS = 64

/** The quota that a message says has refused a pod. */
export const refusingQuota = (message: string): string | undefined => REFUSAL.exec(message)?.[1]

/**
 * Whom a quota has stopped. An exhausted quota alone is no failure: it may be full of all that is wanted. It becomes one when
 * pods that are wanted are refused in its name.
 */
export class QuotaRefusals {
  /** By `namespace/quota`, then by workload: until when it is believed. */
  readonly #until = new Map<string, Map<string, number>>()

  /** A workload's condition says so for as long as it holds. */
  hold(namespace: string, quota: string, workload: string): void {
    this.#end(namespace, workload, quota)
    this.#put(namespace, quota, workload, Number.POSITIVE_INFINITY)
  }

  /** An Event said so now. */
  seen(namespace: string, quota: string, workload: string, nowMs: number): void {
    const until = this.#until.get(`${namespace}/${quota}`)?.get(workload) ?? 0
    this.#put(namespace, quota, workload, Math.max(until, nowMs + REMEMBERED_MS))
  }

  /** The workload has its pods, or is gone. */
  end(namespace: string, workload: string): void {
    this.#end(namespace, workload, undefined)
  }

  of(namespace: string, quota: string): string[] {
    return [...(this.#until.get(`${namespace}/${quota}`)?.keys() ?? [])].sort()
  }

  /** @returns the namespaces in which something was forgotten */
  expire(nowMs: number): string[] {
    const changed = new Set<string>()
    for (const [key, workloads] of this.#until) {
      for (const [workload, untilMs] of workloads)
        if (untilMs <= nowMs && workloads.delete(workload)) changed.add(key.slice(0, key.indexOf('/')))
      if (workloads.size === 0) this.#until.delete(key)
    }
    return [...changed]
  }

  #put(namespace: string, quota: string, workload: string, untilMs: number): void {
    const key = `${namespace}/${quota}`
    const workloads = this.#until.get(key) ?? new Map<string, number>()
    if (!this.#until.has(key) && this.#until.size >= MAX_QUOTAS) return
    if (!workloads.has(workload) && workloads.size >= MAX_WORKLOADS) return
    this.#until.set(key, workloads.set(workload, untilMs))
  }

  #end(namespace: string, workload: string, except: string | undefined): void {
    for (const [key, workloads] of this.#until)
      if (key.startsWith(`${namespace}/`) && key !== `${namespace}/${except ?? ''}`) workloads.delete(workload)
  }
}
