import { decoderOf } from '@kubewise/contracts'
import { Type, type Static } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { patchOf, WORKLOAD_KINDS } from './permissions.ts'
import { rollingImpact } from './rolling.ts'

/** A resource quantity above zero, as Kubernetes writes it: `192Mi`, `250m`. */
const Quantity = Type.String({ pattern: '^(?=.*[1-9])[0-9]+(\\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?$', maxLength: 32 })

/** Which container, and the limits that it gets. */
export const LIMITS = {
  container: Type.String({ minLength: 1 }),
  memoryLimit: Type.Optional(Quantity),
  cpuLimit: Type.Optional(Quantity),
}

const Resources = Type.Object(LIMITS, { additionalProperties: false })
/** Parameters of `set-resources@1`; a limit that is not named stays as it is. */
export type SetResources = Static<typeof Resources>

export const hasLimit = ({ memoryLimit, cpuLimit }: Pick<SetResources, 'memoryLimit' | 'cpuLimit'>): string[] =>
  memoryLimit === undefined && cpuLimit === undefined
    ? ['memoryLimit, cpuLimit: expected at least one, got neither']
    : []

const decode = decoderOf(Resources, hasLimit)

/** Raises the limits of one container, in the template. How far is bounded when it is done, against the values found there. */
export const setResources: ActionSpec = {
  name: 'set-resources@1',
  title: 'Raise the limits of a container',
  kinds: WORKLOAD_KINDS,
  parameters: Resources,
  decode,
  risk: 'medium',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: true,
  needs: patchOf,
  useWhen: 'A container is killed for memory under steady use, or all replicas are throttled: the limit is too low.',
  notWhen:
    'Memory grows without end (a leak), one replica alone is throttled (a runaway), or exit 137 came from a failing probe.',
  requires:
    'The container exists; the new limit is higher, at most twice the present one and four times the one before the incident; nobody has changed the spec since it was read.',
  doneWhen: 'The workload carries the marker of the step, written together with the limit.',
  undo: { how: 'restore' },
  impact: rollingImpact,
}
