/** What a check found: whether it is well, and one sentence for a person. */
export interface CheckResult {
  ok: boolean
  say: string
}

/**
 * What a failing check means: `live` the process cannot recover and should be started anew; `ready` it cannot do its
 * work now (a dependency is missing); `quality` it works, but worse than it should.
 */
export type CheckKind = 'live' | 'ready' | 'quality'

export interface HealthReport {
  /** The original's words: `failed` when not live or not ready, `degraded` when only quality suffers. */
  status: 'ok' | 'degraded' | 'failed'
  isLive: boolean
  isReady: boolean
  checks: Record<string, CheckResult & { kind: CheckKind }>
}

/** The named checks of one service. A check is a remembered state or a quick look at one, never I/O. */
export interface Health {
  /** Remembers a result until the next `set` of the same name. */
  set(name: string, kind: CheckKind, result: CheckResult): void
  /** Asks `look` whenever a report is made; a look that throws counts as failed. */
  watch(name: string, kind: CheckKind, look: () => CheckResult): void
  remove(name: string): void
  report(): HealthReport
}

function looked(look: () => CheckResult): CheckResult {
  try {
    return look()
  } catch (error) {
    return { ok: false, say: `the check itself failed: ${error instanceof Error ? error.message : String(error)}` }
  }
}

export function createHealth(): Health {
  const checks = new Map<string, { kind: CheckKind; look: () => CheckResult }>()
  return {
    set: (name, kind, result) => void checks.set(name, { kind, look: () => result }),
    watch: (name, kind, look) => void checks.set(name, { kind, look }),
    remove: (name) => void checks.delete(name),
    report() {
      const results = [...checks].map(([name, { kind, look }]) => [name, { kind, ...looked(look) }] as const)
      const isWell = (kind: CheckKind) => results.every(([, result]) => result.ok || result.kind !== kind)
      const isLive = isWell('live')
      const isReady = isLive && isWell('ready')
      const status = !isReady ? 'failed' : isWell('quality') ? 'ok' : 'degraded'
      return { status, isLive, isReady, checks: Object.fromEntries(results) }
    },
  }
}
