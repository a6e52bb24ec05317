import { COLLECTIONS, type AnomalyOpened, type Matcher, type Refusal, type Silence } from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { RE2JS } from 're2js'

/** Whether one value fits one matcher. */
type Test = (value: string) => boolean

/**
 * Compiles a matcher as Alertmanager reads it: expressions are RE2, which takes linear time whatever they say, and must match
 * the whole value.
 *
 * @throws Error for an expression that is none
 */
function testOf({ operator, value }: Matcher): Test {
  if (operator === '=') return (found) => found === value
  if (operator === '!=') return (found) => found !== value
  const expression = RE2JS.compile(value, RE2JS.DOTALL)
  return operator === '=~' ? (found) => expression.matches(found) : (found) => !expression.matches(found)
}

function valueOf({ target, rule, severity }: AnomalyOpened, field: Matcher['field']): string {
  return field === 'rule' ? rule.name : field === 'severity' ? severity : target[field]
}

type Covers = (anomaly: AnomalyOpened) => boolean

/** Does a silence cover an anomaly? All of its matchers must. @throws Error for an expression that is none */
export function coverOf({ matchers }: Pick<Silence, 'matchers'>): Covers {
  const tests = matchers.map((matcher) => ({ field: matcher.field, test: testOf(matcher) }))
  return (anomaly) => tests.every(({ field, test }) => test(valueOf(anomaly, field)))
}

const isActive = ({ startsMs, endsMs }: Silence, nowMs: number) => startsMs <= nowMs && nowMs < endsMs

/** Knows which anomalies people do not want to be told of now. */
export interface Silences {
  /** @returns why an anomaly opens nothing, or undefined */
  covering(anomaly: AnomalyOpened): Promise<Refusal | undefined>
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
    async covering(anomaly) {
      const nowMs = clock.now()
      const silence = (await current()).find((each) => isActive(each.silence, nowMs) && each.covers(anomaly))?.silence
      return (
        silence && {
          code: 'silenced',
          say: `${silence.by} silenced it until ${new Date(silence.endsMs).toISOString()}.`,
        }
      )
    },
  }
}
