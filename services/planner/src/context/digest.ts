import type { Facts } from '@kubewise/contracts'
import type { Context } from './context.ts'
import {
  attemptItems,
  capacityItems,
  changeItems,
  groupItems,
  lastChangeItems,
  listItems,
  podItems,
  revisionItems,
  siblingItems,
  signalItems,
  templateItems,
  unreadItems,
  writerItems,
  type DigestItem,
} from './digest-items.ts'
import { factValue } from './fact-ids.ts'

const MOST_BYTES = 16 * 1024
/** A single fact of more than this is left out as a whole. */
const MOST_ITEM_BYTES = 2 * 1024

/** A context for people and for a model: what is known, each with the id that a plan cites. */
export interface Digest {
  items: readonly DigestItem[]
  /** How many were left out for want of room, by the first part of their ids. */
  leftOut: Readonly<Record<string, number>>
  bytes: number
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8')

/** All there is, most telling first. */
function everything(context: Context, facts: Facts): DigestItem[] {
  return [
    ...unreadItems(context),
    ...groupItems(facts),
    ...signalItems(context),
    ...lastChangeItems(context),
    ...attemptItems(context),
    ...changeItems(facts),
    ...podItems(facts),
    ...listItems(facts),
    ...writerItems(context),
    ...templateItems(context),
    ...capacityItems(context),
    ...revisionItems(context),
    ...siblingItems(context),
  ]
}

/** The ids that are asked for and are not among what there is are facts at rest, such as `fact:autoscaler.exists`. */
function cited(facts: Facts, cites: readonly string[], known: ReadonlyMap<string, DigestItem>): DigestItem[] {
  return cites.flatMap((id) => known.get(id) ?? { id, value: factValue(facts, id) ?? 'unknown' })
}

const groupOf = (id: string) => /^fact:([^./]*)/.exec(id)?.[1] ?? id

/**
 * What is known of an incident, bounded in size and without any value that could be a secret: no value of a variable, no text
 * of annotations, Events, ConfigMaps or Secrets, only names, reasons, numbers and the rules' own sentences.
 *
 * @param cites ids that must be in it, as a plan has them
 */
export function digestOf(
  context: Context,
  facts: Facts,
  { cites = [], maxBytes = MOST_BYTES }: { cites?: readonly string[]; maxBytes?: number } = {},
): Digest {
  const known = new Map(everything(context, facts).map((each) => [each.id, each]))
  const first = cited(facts, [...new Set(cites)], known)
  for (const { id } of first) known.delete(id)
  const items: DigestItem[] = []
  const leftOut: Record<string, number> = {}
  let bytes = 0
  for (const [index, each] of [...first, ...known.values()].entries()) {
    const size = bytesOf(each) + 1
    const isCited = index < first.length
    if (!isCited && (size > MOST_ITEM_BYTES || bytes + size > maxBytes)) {
      leftOut[groupOf(each.id)] = (leftOut[groupOf(each.id)] ?? 0) + 1
      continue
    }
    // A fact that a plan rests on is always there, in short where it would not fit.
    const isShort = isCited && (size > MOST_ITEM_BYTES || bytes + size > maxBytes)
    items.push(isShort ? { id: each.id, value: 'left out' } : each)
    bytes += isShort ? bytesOf({ id: each.id, value: 'left out' }) + 1 : size
  }
  return { items, leftOut, bytes }
}
