import { COLLECTIONS, type AnomalyOpened, type Refusal, type Silence } from '@kubewise/contracts'
import { fitsOf, type Matched } from '@kubewise/policy'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'

/** What of an anomaly is matched. The cause is its incident's, empty while none is known. */
export const matchedOf = (
  { target, rule, severity, source }: Pick<AnomalyOpened, 'target' | 'rule' | 'severity' | 'source'>,
  cause = '',
): Matched => ({
  namespace: target.namespace,
  kind: target.kind,
  name: target.name,
  rule: rule.name,
  severity,
  source,
  cause,
})

type Covers = (matched: Matched) => boolean

/**
 * Does a silence cover this? All of its matchers must. One that asks for a cause covers nothing while none is known.
 * @throws Error for an expression that is none
 */
export function coverOf({ matchers }: Pick<Silence, 'matchers'>): Covers {
  const fits = fitsOf(matchers)
  const asksForCause = matchers.some(({ field }) => field === 'cause')
  return (matched) => (!asksForCause || matched.cause !== '') && fits(matched)
}

const isActive = ({ startsMs, endsMs }: Silence, nowMs: number) => startsMs <= nowMs && nowMs < endsMs

/** Knows which anomalies people do not want to be told of now. */
export interface Silences {
  /** @returns why nobody is told of this now, or undefined */
  covering(matched: Matched): Promise<Refusal | undefined>
}

/** A silence takes effect within this long. */
const KEPT_MS = 1_000
const MOST_SILENCES = 500

interface Compiled {
  silence: Silence
  covers: Covers
}

/**
 * @param onMistake told of a silence that cannot be read as meant; it covers nothing, so that nobody misses what it should
 *   not have covered
 */
export function createSilences(
  store: Store,
  clock: Clock,
  cluster: string,
  onMistake: (silence: Silence, error: unknown) => void,
): Silences {
  const silences = store.collection(COLLECTIONS.silences)
  let compiled = new Map<string, Compiled>()
  let read: { list: Promise<Compiled[]>; untilMs: number } | undefined

  function compile(silence: Silence): Compiled {
    const before = compiled.get(silence._id)
    if (before?.silence.version === silence.version) return before
    try {
      return { silence, covers: coverOf(silence) }
    } catch (error) {
      onMistake(silence, error)
      return { silence, covers: () => false }
    }
  }

  async function readAll(): Promise<Compiled[]> {
    const { items } = await silences.find({ where: { cluster, endsMs: { gt: clock.now() } }, limit: MOST_SILENCES })
    const list = items.map(compile)
    compiled = new Map(list.map((each) => [each.silence._id, each]))
    return list
  }

  function current(): Promise<Compiled[]> {
    if (read && clock.monotonic() < read.untilMs) return read.list
    const mine = { list: readAll(), untilMs: clock.monotonic() + KEPT_MS }
    read = mine
    mine.list.catch(() => {
      if (read === mine) read = undefined
    })
    return mine.list
  }

  return {
    async covering(matched) {
      const nowMs = clock.now()
      const silence = (await current()).find((each) => isActive(each.silence, nowMs) && each.covers(matched))?.silence
      return (
        silence && {
          code: 'silenced',
          say: `${silence.by} silenced it until ${new Date(silence.endsMs).toISOString()}.`,
        }
      )
    },
  }
}
