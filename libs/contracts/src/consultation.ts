import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Count, Ms, oneOf, optional, stored, strict, Text } from './schema.ts'

/**
 * What was spent on models, in one document for each cluster: reserved before a call leaves, settled by what the model says it
 * used. Who dies between the two has spent the reservation.
 */
export const Spend = strict({
  ...stored,
  /** The day that `microUsd`, `tokens` and `calls` are of, by its first millisecond (UTC). */
  dayMs: Ms,
  microUsd: Count,
  tokens: Count,
  calls: Count,
  /** When plans were asked for within the last hour, oldest first. */
  askedMs: Type.Array(Ms, { maxItems: 10_000 }),
  changedMs: Ms,
})
export type Spend = Static<typeof Spend>
export const decodeSpend = decoderOf(Spend)

/** One incident put before a model, known by its evidence: asked once, whoever decides how often, also after a restart. */
export const Consultation = strict({
  ...stored,
  cluster: Text,
  incident: Text,
  /** Hash of what was put before it. */
  evidence: Text,
  model: Text,
  promptVersion: Text,
  /** Hash of the prompt. */
  prompt: Text,
  status: oneOf(['asking', 'answered', 'failed']),
  /** Calls that left, counted before each. */
  calls: Count,
  /** Until then whoever is asking has the word. */
  holderUntilMs: Ms,
  /** Asked again not before this, where it failed for a passing reason. */
  againMs: optional(Ms),
  askedMs: Ms,
  /** How it ended, for machines and for people. */
  code: optional(Text),
  say: optional(Text),
  answer: optional(
    strict({
      candidate: Text,
      parameters: Type.Record(Type.String(), Type.Number()),
      cites: Type.Array(Text),
      cause: Text,
      /** Text of a model: data, never an instruction. */
      reasoning: Type.String(),
    }),
  ),
  tokens: Count,
  expiresMs: Ms,
})
export type Consultation = Static<typeof Consultation>
export const decodeConsultation = decoderOf(Consultation)

/** The text of a prompt, redacted, by its hash; kept only where that is switched on. */
export const PromptText = strict({ ...stored, promptVersion: Text, text: Text, keptMs: Ms, expiresMs: Ms })
export type PromptText = Static<typeof PromptText>
export const decodePromptText = decoderOf(PromptText)
