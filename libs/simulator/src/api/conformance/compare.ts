import { isJsonObject } from '../../objects/json.ts'
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts'
import { normalize } from './normalize.ts'
import type { ConformanceAnswer, ConformanceRequest } from './request.ts'

function withoutPath(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined) return undefined
  if (Array.isArray(value)) return value.map((item) => withoutPath(item, path))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([member]) => rest.length > 0 || member !== name)
      .map(([member, inner]) => [member, member === name ? withoutPath(inner, rest) : inner]),
  )
}

function isWhole(part: KnownDifference['part']): boolean {
  return part === 'all' || part === 'body' || part === 'warnings'
}

/** What of an answer is compared. */
export interface Comparable {
  status?: number
  contentType?: string
  warnings?: string[]
  body?: unknown
}

/**
 * All of an answer but what is another at each run, and what is known to differ.
 *
 * @param namespace of the run, which is another each time
 */
export function comparable(request: ConformanceRequest, answer: ConformanceAnswer, namespace: string): Comparable {
  const known = KNOWN_DIFFERENCES.filter(({ say }) => say === request.say)
  if (known.some(({ part }) => part === 'all')) return {}
  const isLeftOut = (part: string) => known.some((difference) => difference.part === part)
  const given = JSON.parse(JSON.stringify(answer.body ?? null).replaceAll(namespace, '<namespace>')) as unknown
  const body = known
    .filter(({ part }) => !isWhole(part))
    .reduce((value, { part }) => withoutPath(value, part.split('.')), normalize(given))
  return {
    status: answer.status,
    contentType: answer.contentType.split(';')[0] ?? '',
    ...(isLeftOut('warnings') ? {} : { warnings: [...answer.warnings].sort() }),
    ...(isLeftOut('body') ? {} : { body }),
  }
}

/** The requests whose answers are compared, each with its place in the run. */
export function compared(requests: readonly ConformanceRequest[]): { request: ConformanceRequest; index: number }[] {
  return requests.map((request, index) => ({ request, index })).filter(({ request }) => request.isSetUp !== true)
}
