import { Type, type Static } from 'typebox'
import { fnv1a32, idOf } from './ids.ts'

/** One object of one cluster. `namespace` is empty for what lies in none. */
export const Entity = Type.Object(
  {
    cluster: Type.String({ minLength: 1 }),
    kind: Type.String({ minLength: 1 }),
    namespace: Type.String(),
    name: Type.String({ minLength: 1 }),
    uid: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
export type Entity = Static<typeof Entity>

/** An entity's top owner (Pod → ReplicaSet → Deployment). Everything after detection is about targets. */
export type Target = Entity

export const PARTITIONS = 64

/** The key of an entity or target: `cluster/namespace/Kind/name`. Not its uid: a recreated workload is the same target. */
export function keyOf({ cluster, namespace, kind, name }: Entity): string {
  return `${cluster}/${namespace}/${kind}/${name}`
}

/** How people are told of it: `shop/Deployment/web`. */
export function titleOf({ namespace, kind, name }: Entity): string {
  return namespace === '' ? `${kind}/${name}` : `${namespace}/${kind}/${name}`
}

/** A subject token for an entity, whatever characters its name holds. */
export function tokenOf(entity: Entity): string {
  return idOf(keyOf(entity))
}

/** The partition where all signals of a target meet, in order. */
export function partitionOf(target: Target): number {
  return fnv1a32(keyOf(target)) % PARTITIONS
}

/** Left on a node that KubeWise cordoned, with the incident; empty once it was uncordoned. Only such a node may be uncordoned. */
export const CORDONED_ANNOTATION = 'kubewise.io/cordoned'

/** Left on a Deployment whose rollout KubeWise paused, with the incident; empty once it was resumed. Only such a one may be resumed. */
export const PAUSED_ANNOTATION = 'kubewise.io/paused'

/** Set to `true` by people on a workload or its namespace: what is told of it is given up last. */
export const CRITICAL_ANNOTATION = 'kubewise.io/critical'

/** The key of the one taint that KubeWise puts on a node, and takes off again. */
export const UNHEALTHY_TAINT = 'kubewise.io/unhealthy'
