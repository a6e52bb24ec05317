import { Type, type Static } from 'typebox'
import { ActionName } from './action.ts'
import { decoderOf } from './decode.ts'
import { Entity } from './entity.ts'
import { Refusal } from './refusal.ts'
import { Count, Ms, oneOf, optional, stored, strict, Text } from './schema.ts'

/** `intent` is durable before `sent`; whatever is unknown after a crash is answered by reading the cluster. */
export const STEP_STATUSES = [
  'pending',
  'intent',
  'sent',
  'observed',
  'verified',
  'refused',
  'failed',
  'undone',
  'escalated',
] as const
export type StepStatus = (typeof STEP_STATUSES)[number]

/** One reversal: the JSON Patch that brings the before-image back, guarded by tests on what we wrote, or an effect of its own. */
export const Undo = strict({
  /** restore: the before-image by patch. compensate: what was made is deleted. none: cannot be taken back, `say` tells why. */
  how: oneOf(['restore', 'compensate', 'none']),
  say: Text,
  status: oneOf(['available', 'intent', 'sent', 'done', 'refused', 'not-possible']),
  patch: optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
  marker: optional(Text),
  /** Of what was made: that, and nothing else of its name, is deleted. */
  uid: optional(Text),
})
export type Undo = Static<typeof Undo>

/** A change of a template is held at its first new pod, and that pod watched, before the rest is replaced. */
export const Canary = strict({
  isWatched: Type.Boolean(),
  /** Why it is watched, or not; then what was seen. */
  say: Text,
  /** not-enough: of a raise that stays, and is raised again. released: somebody else let the rest be replaced. */
  verdict: optional(oneOf(['good', 'bad', 'not-enough', 'released'])),
})
export type Canary = Static<typeof Canary>

export const ExecutionStep = strict({
  id: Text,
  action: ActionName,
  object: Entity,
  isFallback: Type.Boolean(),
  status: oneOf(STEP_STATUSES),
  /** Written to the object in the same PATCH as the change: `<plan>/<step>/<epoch>`. */
  marker: Text,
  intentMs: optional(Ms),
  sentMs: optional(Ms),
  observedMs: optional(Ms),
  /** What was really changed, before and after; for undo and for people. */
  changes: Type.Array(strict({ path: Text, before: Type.Unknown(), after: Type.Unknown() })),
  refusal: optional(Refusal),
  /** The server's own words. */
  answer: optional(Type.String()),
  undo: optional(Undo),
  canary: optional(Canary),
  /** The step whose rollout this one lets go on, after its first new pod was watched. */
  restOf: optional(Text),
})
export type ExecutionStep = Static<typeof ExecutionStep>

export const VERDICTS = ['recovered', 'not-recovered', 'inconclusive'] as const
export type VerdictValue = (typeof VERDICTS)[number]

export const Verdict = strict({
  value: oneOf(VERDICTS),
  say: Text,
  checks: Type.Array(strict({ name: Text, value: oneOf(VERDICTS), say: Text })),
  atMs: Ms,
})
export type Verdict = Static<typeof Verdict>

export const EXECUTION_STATUSES = [
  'claimed',
  'running',
  'verifying',
  'undoing',
  'recovered',
  'refused',
  'undone',
  'escalated',
  'failed',
] as const
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number]
/** No more work is owed on an execution in one of these. */
export const SETTLED: readonly ExecutionStatus[] = ['recovered', 'refused', 'undone', 'escalated', 'failed']

/** Another workload that was well before anything was done: worse off since counts against what was done. */
export const Neighbour = strict({ target: Entity, generation: Count, ready: Count, wanted: Count })

/** What could not be taken back yet, since something could not be read, or sent: it is tried again, and stays owed until then. */
export const OwedUndo = strict({
  sinceMs: Ms,
  tries: Count,
  /** Nobody tries before. */
  notBeforeMs: Ms,
  /** Why the last try did nothing. */
  say: Text,
})
export type OwedUndo = Static<typeof OwedUndo>

/** What was done about a plan; `_id` is the plan's, so that one plan is carried out once. */
export const Execution = strict({
  ...stored,
  cluster: Text,
  incident: Text,
  target: Entity,
  planHash: Text,
  status: oneOf(EXECUTION_STATUSES),
  /** Which executor works on it, and until when it may. */
  holder: Text,
  holderUntilMs: Ms,
  epoch: Count,
  claimedMs: Ms,
  actedMs: optional(Ms),
  verifyingSinceMs: optional(Ms),
  finishedMs: optional(Ms),
  refusal: optional(Refusal),
  steps: Type.Array(ExecutionStep),
  /** Noted before the first write. */
  neighbours: optional(Type.Array(Neighbour)),
  verdict: optional(Verdict),
  /** Only of one that is `undoing`. */
  owed: optional(OwedUndo),
  say: optional(Type.String()),
  /** It is at its end, or owes that something is taken back, and not every receiver has taken the message about that yet. */
  isUntold: optional(Type.Boolean()),
  /** Names of the receivers that have not; all where it names none. */
  untold: optional(Type.Array(Text)),
})
export type Execution = Static<typeof Execution>
export const decodeExecution = decoderOf(Execution)

export const ExecutionNotice = strict({ kind: Type.Literal('execution'), execution: Execution })
export type ExecutionNotice = Static<typeof ExecutionNotice>
export const decodeExecutionNotice = decoderOf(ExecutionNotice)
