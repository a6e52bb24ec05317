import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Ms, oneOf, stored, strict, Text } from './schema.ts'

/** Which anomalies a silence covers; matchers as Alertmanager's. */
export const Matcher = strict({
  field: oneOf(['namespace', 'kind', 'name', 'rule', 'severity']),
  operator: oneOf(['=', '!=', '=~', '!~']),
  value: Type.String({ maxLength: 256 }),
})
export type Matcher = Static<typeof Matcher>

/** While it is active, matching anomalies are recorded but open nothing. */
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
