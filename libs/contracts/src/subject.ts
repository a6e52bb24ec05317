import { PARTITIONS, partitionOf, tokenOf, type Entity, type Target } from './entity.ts'
import { idOf } from './ids.ts'

declare const brand: unique symbol
/** A NATS subject. Only this file makes one, so that no name from a cluster can become part of the protocol. */
export type Subject = string & { readonly [brand]: true }

const TOKEN = /^[A-Za-z0-9_-]+$/

/** A token for a name that may hold anything: itself where it is one, else its hash. */
function token(text: string): string {
  return TOKEN.test(text) && text.length <= 64 ? text : idOf(text)
}

const subject = (cluster: string, ...tokens: string[]) =>
  ['kubewise', 'v1', token(cluster), ...tokens].join('.') as Subject

const two = (partition: number) => String(partition).padStart(2, '0')

/** @throws RangeError if partition is not an integer from 0 to 63 */
function partitionToken(partition: number): string {
  if (!Number.isInteger(partition) || partition < 0 || partition >= PARTITIONS)
    throw new RangeError(`partition: expected 0 to ${PARTITIONS - 1}, got ${partition}`)
  return two(partition)
}

/** The only way to make a subject. Every builder names the cluster first. */
export const subjects = {
  metric: (cluster: string, partition: number) => subject(cluster, 'in', partitionToken(partition), 'metric'),
  event: (target: Target, entity: Entity) =>
    subject(target.cluster, 'in', two(partitionOf(target)), 'event', tokenOf(entity)),
  object: (target: Target, entity: Entity) =>
    subject(target.cluster, 'in', two(partitionOf(target)), 'object', tokenOf(entity)),
  control: (cluster: string, partition: number) => subject(cluster, 'in', partitionToken(partition), 'control'),
  /** Filter: all that enters one partition. */
  partition: (cluster: string, partition: number) => subject(cluster, 'in', partitionToken(partition), '>'),
  anomaly: (target: Target) => subject(target.cluster, 'anomaly', two(partitionOf(target)), tokenOf(target)),
  incident: (target: Target) => subject(target.cluster, 'incident', tokenOf(target)),
  plan: (target: Target) => subject(target.cluster, 'plan', tokenOf(target)),
  execution: (target: Target) => subject(target.cluster, 'execution', tokenOf(target)),
  question: (cluster: string) => subject(cluster, 'question'),
  alert: (cluster: string) => subject(cluster, 'alert'),
  feedback: (cluster: string) => subject(cluster, 'feedback'),
  audit: (cluster: string, writer: string) => subject(cluster, 'audit', token(writer)),
  auditHead: (cluster: string, writer: string) => subject(cluster, 'audit', token(writer), 'head'),
  dead: (cluster: string, stream: string) => subject(cluster, 'dead', token(stream)),
} as const
