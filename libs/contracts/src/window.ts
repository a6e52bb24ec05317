import { Type, type Static } from 'typebox'
import { oneOf, optional, strict, Text } from './schema.ts'
import { Matcher, MATCHER_FIELDS } from './silence.ts'

const Ranges = Type.Array(Type.String({ maxLength: 32 }), { minItems: 1, maxItems: 64 })

/**
 * A stretch of time as Alertmanager writes it, member for member, so that one can be copied: times of day (the end not
 * included, `24:00` allowed), weekdays and months by name, days of the month also from its end (`-1`), years, and the time
 * zone in which all of that is meant (UTC where absent). What is absent restricts nothing.
 */
export const TimeInterval = strict({
  times: optional(
    Type.Array(strict({ start_time: Type.String({ maxLength: 5 }), end_time: Type.String({ maxLength: 5 }) }), {
      minItems: 1,
      maxItems: 64,
    }),
  ),
  weekdays: optional(Ranges),
  days_of_month: optional(Ranges),
  months: optional(Ranges),
  years: optional(Ranges),
  location: optional(Type.String({ maxLength: 64 })),
})
export type TimeInterval = Static<typeof TimeInterval>

/** Intervals under one name. */
export const NamedIntervals = strict({
  name: Text,
  time_intervals: Type.Array(TimeInterval, { minItems: 1, maxItems: 64 }),
})
export type NamedIntervals = Static<typeof NamedIntervals>

/** A maintenance window: while one of its intervals holds, what it matches is not told of, or nothing is changed. */
export const Window = strict({
  name: Text,
  /** All must match; none matches everything. A freeze knows namespace, kind and name alone. */
  matchers: Type.Array(Matcher, { maxItems: 16 }),
  /** Names among the settings' `timeIntervals`. */
  intervals: Type.Array(Text, { minItems: 1, maxItems: 64 }),
  effect: oneOf(['mute', 'freeze']),
})
export type Window = Static<typeof Window>

/** What two anomalies must have in common for one to keep the other quiet; `node` is the node that both are about. */
export const EQUAL_FIELDS = [...MATCHER_FIELDS.filter((field) => field !== 'cause'), 'node'] as const

/** While an anomaly that `source` matches is open, those that `target` matches are not told of. As Alertmanager's. */
export const Inhibition = strict({
  name: Text,
  source: Type.Array(Matcher, { minItems: 1, maxItems: 16 }),
  target: Type.Array(Matcher, { minItems: 1, maxItems: 16 }),
  equal: Type.Array(oneOf(EQUAL_FIELDS), { maxItems: 8 }),
})
export type Inhibition = Static<typeof Inhibition>
