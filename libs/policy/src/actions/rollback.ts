import { decoderOf } from '@kubewise/contracts'
import { Type } from 'typebox'
import type { ActionSpec } from '../action.ts'
import { historyOf, patchOf, WORKLOAD_KINDS } from './permissions.ts'
import { rollingImpact } from './rolling.ts'

const parameters = Type.Object({ toRevision: Type.Integer({ minimum: 1 }) }, { additionalProperties: false })

/** Brings a workload's template back to a revision that was healthy, by its number. */
export const rollback: ActionSpec = {
  name: 'rollback@1',
  title: 'Roll back to a revision',
  kinds: WORKLOAD_KINDS,
  parameters,
  decode: decoderOf(parameters),
  risk: 'medium',
  isPassive: false,
  setsReplicas: false,
  keepsWhenNotEnough: false,
  needs: (kind) => [...patchOf(kind), ...historyOf(kind)],
  useWhen:
    'A rollout brought pods that cannot run (crash loop, bad image, missing configuration), and an earlier revision was healthy.',
  notWhen:
    'A dependency is down, the registry is unreachable, or the earlier revision fails too; GitOps would bring the broken one back.',
  requires:
    'The revision still exists and is of the same workload; it is not the present one; nobody has changed the spec since it was read.',
  doneWhen: 'The workload carries the marker of the step, written together with the template.',
  undo: { how: 'restore' },
  impact(facts) {
    const broken = facts.pods.filter(({ terminating, revision }) => !terminating && revision === facts.rollout.current)
    const takesReady = facts.target.kind !== 'Deployment' && broken.some(({ ready }) => ready)
    return { ...rollingImpact(facts), pods: broken.length, readyPodsTaken: takesReady ? 1 : 0 }
  },
}
