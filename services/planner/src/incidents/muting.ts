import { COLLECTIONS, type AnomalyOpened, type Incident, type Refusal, type Settings } from '@kubewise/contracts'
import { isOn, readWindows, type Matched, type ReadWindow } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { createInhibitions } from './inhibitions.ts'
import { openOwnSignals } from './signals.ts'
import { matchedOf, type Silences } from './silences.ts'

/** Knows what people do not want to be told of now: by a silence, a maintenance window, or another anomaly. */
export interface Muting {
  /** @returns why an anomaly opens nothing, or undefined */
  covering(anomaly: AnomalyOpened): Promise<Refusal | undefined>
  /** @returns why nobody is told of an open incident: all that goes on of it is covered */
  muting(incident: Incident): Promise<Refusal | undefined>
}

const KEPT_MS = 1_000

/** @param onMistake told of windows that cannot be read as meant; they mute nothing (and freeze everything, see the guard) */
export function createMuting(
  store: Store,
  clock: Clock,
  cluster: string,
  silences: Silences,
  onMistake: (error: unknown) => void,
): Muting {
  const settings = store.collection(COLLECTIONS.settings)
  let read: { value: Promise<Settings | undefined>; untilMs: number } | undefined
  let windows: { of: Settings | undefined; mutes: readonly ReadWindow[] } = { of: undefined, mutes: [] }

  function currentSettings(): Promise<Settings | undefined> {
    if (read && clock.monotonic() < read.untilMs) return read.value
    const mine = { value: settings.get('settings'), untilMs: clock.monotonic() + KEPT_MS }
    read = mine
    mine.value.catch(() => {
      if (read === mine) read = undefined
    })
    return mine.value
  }

  async function muteWindows(): Promise<readonly ReadWindow[]> {
    const now = await currentSettings()
    if (now?.version === windows.of?.version) return windows.mutes
    try {
      windows = { of: now, mutes: readWindows(now ?? {}).filter(({ effect }) => effect === 'mute') }
    } catch (error) {
      onMistake(error)
      windows = { of: now, mutes: [] }
    }
    return windows.mutes
  }

  async function byWindow(matched: Matched): Promise<Refusal | undefined> {
    const nowMs = clock.now()
    const on = (await muteWindows()).find((window) => window.fits(matched) && isOn(window, nowMs))
    return on && { code: 'window', say: `The maintenance window ${on.name} mutes it.` }
  }

  const inhibitions = createInhibitions(store, clock, cluster, currentSettings)

  async function covered(anomaly: Parameters<typeof inhibitions.covering>[0], cause: string) {
    const matched = matchedOf(anomaly, cause)
    return (await silences.covering(matched)) ?? (await byWindow(matched)) ?? (await inhibitions.covering(anomaly))
  }

  return {
    covering: (anomaly) => covered(anomaly, ''),
    async muting(incident) {
      const reasons: Refusal[] = []
      for (const signal of openOwnSignals(incident)) {
        const { anomaly, rule, entity, severity, source } = signal
        const one = { id: anomaly, target: incident.target, rule: { name: rule, version: 1 }, severity, source, entity }
        const reason = await covered(one, incident.cause ?? '')
        if (!reason) return undefined
        reasons.push(reason)
      }
      return reasons[0]
    },
  }
}
