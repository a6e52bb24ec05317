import { decoderOf } from '@kubewise/contracts'
import { Type, type Static } from 'typebox'
import { CAUSES } from '@kubewise/contracts'

const Text = Type.String({ minLength: 1 })
const Seconds = Type.Number()
const strict = <P extends Parameters<typeof Type.Object>[0]>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** An object as the API server gives it, or the part of one that changes; times may be seconds from the beginning, `-90s`. */
const ApiObject = Type.Object(
  {
    apiVersion: Text,
    kind: Text,
    metadata: Type.Object({ name: Text, namespace: Type.Optional(Text) }, { additionalProperties: true }),
  },
  { additionalProperties: true },
)
export type ApiObject = Static<typeof ApiObject>

const Named = strict({ apiVersion: Text, kind: Text, name: Text, namespace: Type.Optional(Text) })

const Change = strict({
  /** Seconds from the beginning. */
  at: Type.Number({ minimum: 0 }),
  /** Merged into the object of this name (JSON Merge Patch: lists are replaced, null removes); made where there is none. */
  apply: Type.Optional(Type.Array(ApiObject)),
  delete: Type.Optional(Type.Array(Named)),
})

const ScenarioEvent = strict({
  at: Seconds,
  type: Type.Enum(['Normal', 'Warning']),
  reason: Text,
  regarding: strict({ kind: Text, name: Text, namespace: Type.Optional(Text) }),
  note: Type.String(),
  count: Type.Optional(Type.Integer({ minimum: 1 })),
  reporter: Type.Optional(Text),
})
export type ScenarioEvent = Static<typeof ScenarioEvent>

/** One series of one query; `values` in the notation of promtool's unit tests: `20x240 95+5x10 _x2`. */
const Series = strict({
  metric: Text,
  labels: Type.Record(Type.String(), Type.String()),
  /** Seconds from the beginning; what lies before it is history, to learn from. */
  from: Seconds,
  every: Type.Number({ exclusiveMinimum: 0 }),
  values: Type.Union([Text, Type.Array(Type.Number())]),
})
export type Series = Static<typeof Series>

const OutsideAlert = strict({
  at: Seconds,
  name: Text,
  status: Type.Optional(Type.Enum(['firing', 'resolved'])),
  severity: Type.Optional(Type.Enum(['info', 'warning', 'critical'])),
  labels: Type.Record(Type.String(), Type.String()),
})
export type ScenarioAlert = Static<typeof OutsideAlert>

/** What the record remembers of earlier days: an anomaly that is over. */
const Past = strict({
  at: Type.Number({ exclusiveMaximum: 0 }),
  rule: Text,
  /** `namespace/Kind/name`, as of the pod that it was about and of its top owner. */
  entity: Text,
  target: Text,
})
export type Past = Static<typeof Past>

const Bound = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  strict({
    atLeast: Type.Optional(Type.Union([Type.String(), Type.Number()])),
    atMost: Type.Optional(Type.Union([Type.String(), Type.Number()])),
    startsWith: Type.Optional(Text),
  }),
])
export type Bound = Static<typeof Bound>

const ActionPattern = strict({
  /** `rollback@1`; `*` is any that changes the cluster. */
  action: Text,
  with: Type.Optional(Type.Record(Type.String(), Bound)),
  /** On which object, `namespace/Kind/name`; absent: on any. */
  on: Type.Optional(Text),
})
export type ActionPattern = Static<typeof ActionPattern>

/** `escalate`: a person is told. `none`: nothing is changed, whether somebody is told or not. */
const FirstAction = Type.Union([Type.Literal('none'), Type.Literal('escalate'), ActionPattern])
export type FirstAction = Static<typeof FirstAction>

const OneOrMore = <T extends Parameters<typeof Type.Array>[0]>(schema: T) => Type.Array(schema, { minItems: 1 })

export const Scenario = strict({
  id: Type.Integer({ minimum: 1 }),
  title: Text,
  /** `written`: by hand after the documentation. Else where it was recorded. */
  source: Type.String({ pattern: '^(written|recorded, kubernetes 1\\.\\d+)$' }),
  /** The right thing is to change nothing. */
  isTrap: Type.Optional(Type.Boolean()),
  /** How long it is watched, in seconds. */
  until: Type.Number({ exclusiveMinimum: 0, maximum: 7200 }),
  objects: OneOrMore(ApiObject),
  timeline: Type.Optional(Type.Array(Change)),
  events: Type.Optional(Type.Array(ScenarioEvent)),
  series: Type.Optional(Type.Array(Series)),
  alerts: Type.Optional(Type.Array(OutsideAlert)),
  past: Type.Optional(Type.Array(Past)),
  expect: strict({
    /** Where the cause lies, `namespace/Kind/name` or `Kind/name`; several that are right. */
    target: OneOrMore(Text),
    cause: OneOrMore(Type.Enum([...CAUSES])),
    firstAction: OneOrMore(FirstAction),
    /** What would make it worse. An action on anything but the targets above is harmful always. */
    harmful: Type.Optional(Type.Array(ActionPattern)),
  }),
})
export type Scenario = Static<typeof Scenario>

const keyOf = ({ apiVersion, kind, metadata }: ApiObject) =>
  `${apiVersion}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`

function scenarioMistakes({ objects, until, timeline = [], events = [], alerts = [] }: Scenario): string[] {
  const keys = objects.map(keyOf)
  const late = (list: string, times: readonly { at: number }[]) =>
    times.flatMap(({ at }, index) =>
      at > until ? `${list}.${index}.at: expected at most until (${until}), got ${at}` : [],
    )
  return [
    ...keys.flatMap((key, index) => (keys.indexOf(key) === index ? [] : [`objects.${index}: ${key} is there twice`])),
    ...late('timeline', timeline),
    ...late('events', events),
    ...late('alerts', alerts),
  ]
}

export const decodeScenario = decoderOf(Scenario, scenarioMistakes)
