import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { NO_IMPACT } from './permissions.ts'

/** Seconds; a plan that waits longer would be out of date. */
const LONGEST_WAIT = 600

const said = Type.Object({ say: Type.Optional(Type.String({ maxLength: 1024 })) }, { additionalProperties: false })
const nothing = Type.Unsafe<Record<string, never>>(Type.Object({}, { additionalProperties: false }))
const seconds = Type.Object(
  { seconds: Type.Integer({ minimum: 1, maximum: LONGEST_WAIT }) },
  { additionalProperties: false },
)

const SAID = { parameters: said, decode: decoderOf(said) }
const NOTHING = { parameters: nothing, decode: decoderOf(nothing) }
const SECONDS = { parameters: seconds, decode: decoderOf(seconds) }

type Told = Pick<ActionSpec, 'name' | 'title' | 'useWhen' | 'notWhen' | 'requires' | 'doneWhen'>

/** What changes nothing in the cluster. */
const passive = (told: Told, { parameters, decode }: Pick<ActionSpec, 'parameters' | 'decode'>): ActionSpec => ({
  ...told,
  kinds: [],
  parameters,
  decode,
  risk: 'low',
  isPassive: true,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: () => [],
  undo: { how: 'none', say: 'Nothing was changed.' },
  impact: NO_IMPACT,
})

const SENT = 'The message is on its way; that it was taken is kept in the record, and until then it is sent again.'

/** Calls a person, with the whole story. */
export const escalate = passive(
  {
    name: 'escalate@1',
    title: 'Call a person',
    useWhen: 'Nothing that KubeWise may do would help, or what it did was not enough.',
    notWhen: 'A remedy within the rules has not been tried yet.',
    requires: 'Nothing.',
    doneWhen: SENT,
  },
  SAID,
)

/** Tells people and goes on. */
export const notify = passive(
  {
    name: 'notify@1',
    title: 'Tell people',
    useWhen: 'People should know, and nobody need come.',
    notWhen: 'Somebody has to do something: that is a call for a person.',
    requires: 'Nothing.',
    doneWhen: 'The message is on its way.',
  },
  SAID,
)

/** Hands people the change that would mend what another system owns. */
export const proposePatch = passive(
  {
    name: 'propose-patch@1',
    title: 'Propose a patch',
    useWhen: 'GitOps or an operator owns the object and would revert the change: it belongs into their repository.',
    notWhen: 'Nobody else owns the object.',
    requires: 'The plan has a patch that a person could commit.',
    doneWhen: 'The message with the patch is on its way; that the plan needs a person is told until it is taken.',
  },
  NOTHING,
)

/** Gives the cluster time before the next step, or before what is expected is looked for. */
export const wait = passive(
  {
    name: 'wait@1',
    title: 'Wait',
    useWhen: 'Something is under way that mends it: a rollout, a node that comes back, a controller that retries.',
    notWhen: 'Waiting makes it worse.',
    requires: 'Nothing.',
    doneWhen: 'The time is over; an executor that takes over waits only for what is left of it.',
  },
  SECONDS,
)

/** Does nothing, so that a plan can say that nothing is to be done and what is expected to happen. */
export const noOp = passive(
  {
    name: 'no-op@1',
    title: 'Do nothing',
    useWhen: 'It mends itself, and whether it did is to be looked at.',
    notWhen: 'A remedy within the rules would help.',
    requires: 'Nothing.',
    doneWhen: 'At once.',
  },
  NOTHING,
)
