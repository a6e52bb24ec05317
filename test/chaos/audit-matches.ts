import type { AuditRecord } from '@kubewise/contracts'

/** One line of an API server's audit log, as far as it is compared; the simulator's entries are such too. */
export interface LoggedWrite {
  verb: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
  status: number
  isDryRun: boolean
  body?: unknown
}

/** What one side knows and the other does not, or not once. */
export interface Mismatch {
  code: 'write-unrecorded' | 'write-without-intent' | 'written-twice' | 'effect-unwritten' | 'effect-twice'
  say: string
}

/** How a landed write is recognised in the chain: by the marker that it left, or by the uid that it took away. */
type Mark = { marker: string } | { uid: string } | undefined

const INTENTS: ReadonlySet<string> = new Set(['intent', 'undo-intent'])
const EFFECTS: ReadonlySet<string> = new Set(['effect', 'undo-effect'])
const STEP = 'kubewise.io/step'
const STEP_PATH = '/metadata/annotations/kubewise.io~1step'
const UID_PATH = '/metadata/uid'

/** Events tell what happens; they change nothing. Reviews of access neither. */
const isChange = ({ resource, status, isDryRun }: LoggedWrite) =>
  !isDryRun && status >= 200 && status < 300 && resource !== 'events' && !resource.endsWith('reviews')

type Members = Readonly<Record<string, unknown>>
const membersOf = (value: unknown): Members => (typeof value === 'object' && value !== null ? (value as Members) : {})

function markerOf(body: unknown): string | undefined {
  const operations: readonly unknown[] = Array.isArray(body) ? body : []
  for (const operation of operations) {
    const { op, path, value } = membersOf(operation)
    if (op === 'test') continue
    const found = path === STEP_PATH ? value : path === '/metadata/annotations' ? membersOf(value)[STEP] : undefined
    if (typeof found === 'string') return found
  }
  const annotations = membersOf(membersOf(membersOf(body)['metadata'])['annotations'])
  return typeof annotations[STEP] === 'string' ? annotations[STEP] : undefined
}

function markOf({ body, verb, subresource }: LoggedWrite): Mark {
  const marker = markerOf(body)
  if (marker !== undefined) return { marker }
  if (verb !== 'delete' && subresource !== 'eviction') return undefined
  const options = membersOf(membersOf(body)['deleteOptions'] ?? body)
  const { uid } = membersOf(options['preconditions'])
  return typeof uid === 'string' ? { uid } : undefined
}

const markerOfLink = ({ detail }: AuditRecord) => String(detail?.['marker'])

/** The uids that an intent says will be taken away, or, of one that takes back, were made. */
function uidsOf({ detail }: AuditRecord): unknown[] {
  const changes = detail?.['changes']
  return Array.isArray(changes)
    ? changes.map(membersOf).flatMap(({ path, before, after }) => (path === UID_PATH ? [before, after] : []))
    : []
}

const nameOf = ({ verb, resource, subresource, namespace, name }: LoggedWrite) =>
  `${verb} ${[resource, subresource].filter(Boolean).join('/')} ${[namespace, name].filter(Boolean).join('/')}`

/**
 * Invariant I20: every write of the executor that landed maps to exactly one effect of its chain, which had an intent, and back.
 *
 * @param writes of the executor's account, from the API server's own log; whole, with request bodies
 * @param links of the executor's chain over the same time, whole
 * @returns what does not match; empty where all does. `effect-unwritten` is no fault of ours where somebody else did the same
 *   in between, such as deleting the pod that was to be evicted
 */
export function auditMismatches(writes: readonly LoggedWrite[], links: readonly AuditRecord[]): Mismatch[] {
  const intents = links.filter(({ event }) => INTENTS.has(event))
  const effects = links.filter(({ event }) => EFFECTS.has(event))
  const told = new Set(effects.map(markerOfLink))
  const byMarker = new Map<string, LoggedWrite[]>()
  const mismatches: Mismatch[] = []

  for (const write of writes.filter(isChange)) {
    const mark = markOf(write)
    const candidates = intents.filter((link) =>
      mark === undefined
        ? false
        : 'marker' in mark
          ? markerOfLink(link) === mark.marker
          : uidsOf(link).includes(mark.uid),
    )
    const meant = candidates.findLast((link) => told.has(markerOfLink(link))) ?? candidates.at(-1)
    const marker = meant ? markerOfLink(meant) : mark && 'marker' in mark ? mark.marker : undefined
    if (!meant)
      mismatches.push({ code: 'write-without-intent', say: `${nameOf(write)}: no intent in the chain tells of it` })
    if (marker === undefined) continue
    byMarker.set(marker, [...(byMarker.get(marker) ?? []), write])
  }

  for (const [marker, same] of byMarker) {
    if (same.length > 1)
      mismatches.push({
        code: 'written-twice',
        say: `${marker}: written ${same.length} times: ${same.map(nameOf).join(', ')}`,
      })
    if (!told.has(marker))
      mismatches.push({
        code: 'write-unrecorded',
        say: `${marker}: ${nameOf(same[0]!)} landed, and no effect in the chain tells of it`,
      })
  }

  for (const [marker, same] of Map.groupBy(effects, markerOfLink)) {
    if (same.length > 1) mismatches.push({ code: 'effect-twice', say: `${marker}: told as done ${same.length} times` })
    if (!byMarker.has(marker))
      mismatches.push({
        code: 'effect-unwritten',
        say: `${marker}: told as done by ${same[0]!._id}, and no write that landed left it`,
      })
  }
  return mismatches
}
