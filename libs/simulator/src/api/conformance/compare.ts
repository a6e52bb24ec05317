import { isJsonObject } from '../../objects/json.ts'
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts'
import { normalize, shapeOf } from './normalize.ts'
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

/** What of an answer is compared: everything but what is another at each run, and what is known to differ. */
export function comparable(request: ConformanceRequest, answer: ConformanceAnswer): object {
  const known = KNOWN_DIFFERENCES.filter(({ say }) => say === request.say)
  if (known.some(({ part }) => part === 'all')) return {}
  const isLeftOut = (part: string) => known.some((difference) => difference.part === part)
  const body = known
    .filter(({ part }) => !isWhole(part))
    .reduce((value, { part }) => withoutPath(value, part.split('.')), normalize(answer.body))
  return {
    status: answer.status,
    contentType: answer.contentType.split(';')[0],
    ...(isLeftOut('warnings') ? {} : { warnings: [...answer.warnings].sort() }),
    ...(isLeftOut('body') ? {} : { shape: [...shapeOf(body)].sort(), body }),
  }
}
