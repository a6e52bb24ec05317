import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Ms, oneOf, stored, strict, Text } from './schema.ts'

/** What of an anomaly can be matched: its target's names, what found it, and the cause of its incident once one is known. */
export const MATCHER_FIELDS = ['namespace', 'kind', 'name', 'rule', 'severity', 'source', 'cause'] as const
export type MatcherField = (typeof MATCHER_FIELDS)[number]

/** Which anomalies a silence covers; matchers as Alertmanager's. */
export const Matcher = strict({
  field: oneOf(MATCHER_FIELDS),
  operator: oneOf(['=', '!=', '=~', '!~']),
  value: Type.String({ maxLength: 256 }),
})
export type Matcher = Static<typeof Matcher>

/** While it is active, matching anomalies are recorded but open nothing, and nobody is told of what is open already. */
export const Silence = strict({
  ...stored,
  cluster: Text,
  matchers: Type.Array(Matcher, { minItems: 1 }),
  startsMs: Ms,
  endsMs: Ms,
  by: Text,
  reason: Text,
  /** Kept a while for people to read, then deleted. */
  expiresMs: Ms,
})
export type Silence = Static<typeof Silence>
export const decodeSilence = decoderOf(Silence)
