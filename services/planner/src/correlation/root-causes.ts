import type { Facts, Target } from '@kubewise/contracts'

/** What is said of a cause that no playbook knows a remedy for. */
export interface RootCause {
  cause: string
  say: string
}

const CAUSES: Readonly<Record<string, string>> = {
  Registry: 'registry-unreachable',
  Webhook: 'webhook-down',
  ResourceQuota: 'quota-exceeded',
  Namespace: 'admission-refused',
  PersistentVolumeClaim: 'volume-stuck',
  Service: 'dependency-down',
  ConfigMap: 'bad-configuration',
  Secret: 'bad-configuration',
  NetworkPolicy: 'network-broken',
  LimitRange: 'admission-refused',
}

/** Is it the cluster as a whole? Operators (of databases, of clusters) have a kind of the same name, whose objects have a namespace. */
export const isWholeCluster = ({ kind, namespace }: Pick<Target, 'kind' | 'namespace'>): boolean =>
  kind === 'Cluster' && namespace === ''

/** Is it one that has incidents only as the cause of others', and is no object that could be read? */
export const isUnreadableRoot = (target: Pick<Target, 'kind' | 'namespace'>): boolean =>
  isWholeCluster(target) || Object.hasOwn(CAUSES, target.kind)

function ofCluster({ cluster }: Facts): RootCause {
  const { nodes, nodesNotReady, illTargets, managedTargets } = cluster
  const cause = nodesNotReady >= 2 ? 'nodes-lost' : 'storm'
  const say = `Too much fell ill at once: ${illTargets} of ${managedTargets} targets, ${nodesNotReady} of ${nodes} nodes. Nothing is changed until that is over.`
  return { cause, say }
}

/** The cause that the kind of a root stands for, where nothing more is known of it; undefined for one that is a target itself. */
export function rootCauseOf(facts: Facts, title: string): RootCause | undefined {
  const { kind } = facts.target
  const isStorm = facts.cluster.storm || facts.correlation.symptoms > 0
  if (isWholeCluster(facts.target)) return isStorm ? ofCluster(facts) : undefined
  const cause = CAUSES[kind]
  if (cause === undefined || facts.correlation.symptoms === 0) return undefined
  return {
    cause,
    say: `${facts.correlation.symptoms} targets are ill because of ${title}; a person has to look at it.`,
  }
}
