import { fnv1a32 } from '@kubewise/contracts'
import type { Clock, Logger } from '@kubewise/service'
import type { KeyValue } from './port.ts'

export interface MemberOptions {
  /** Opened anew for each beat, since a recreated bucket makes an old handle useless. Its time to live is how long a member is believed. */
  leases: () => Promise<KeyValue>
  /** What the keys of all members begin with. */
  prefix: string
  /** Who we are: `[A-Za-z0-9_-]`. */
  member: string
  /** Shorter than a third of the bucket's time to live. */
  beatMs: number
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** What the others may read of us, see {@link wordsOf}. */
  say: () => object
  /** Told at each beat who is there, ourselves included. */
  onMembers: (members: readonly string[]) => void
}

/**
 * Counts as a live member until the signal aborts, and is told who else does. While the bus is away whoever was there last is
 * believed to be there: work goes on, twice rather than by nobody.
 *
 * @returns when the signal aborts; the others are told
 */
export async function join(options: MemberOptions): Promise<void> {
  const { leases, prefix, member, beatMs, clock, log, signal, say, onMembers } = options
  let isTrouble = false
  while (!signal.aborted) {
    try {
      const bucket = await leases()
      await bucket.put(`${prefix}${member}`, say())
      const there = await membersIn(bucket, prefix)
      if (!signal.aborted) onMembers([...new Set([...there, member])].sort())
      isTrouble = false
    } catch (error) {
      if (!isTrouble && !signal.aborted) log.warn({ err: error }, 'it is not known who else is there')
      isTrouble = true
    }
    await clock.sleep(beatMs, signal).catch(() => undefined)
  }
  await leases()
    .then((bucket) => bucket.delete(`${prefix}${member}`))
    .catch(() => undefined)
}

/** What live members say, each with who says it; data from outside, to be validated. @throws BusError */
export async function wordsOf(bucket: KeyValue, prefix: string): Promise<{ member: string; word: unknown }[]> {
  const members = await membersIn(bucket, prefix)
  const entries = await Promise.all(members.map((member) => bucket.get(`${prefix}${member}`)))
  return members.flatMap((member, i) => (entries[i] ? [{ member, word: entries[i].value }] : []))
}

async function membersIn(bucket: KeyValue, prefix: string): Promise<string[]> {
  return (await bucket.keys()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
}

/**
 * The member that a piece of work belongs to: the one with the highest hash of the pair (rendezvous hashing, Thaler and Ravishankar
 * 1998), so that a member that comes or goes moves only its own share. `undefined` where there is none.
 */
export function ownerOf(work: string | number, members: readonly string[]): string | undefined {
  let owner: string | undefined
  let highest = -1
  for (const member of [...members].sort()) {
    const weight = fnv1a32(`${work}:${member}:${work}`)
    if (weight > highest) [owner, highest] = [member, weight]
  }
  return owner
}
