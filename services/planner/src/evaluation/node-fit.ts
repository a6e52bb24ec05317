import {
  conditionOf,
  type Node,
  type NodeSelector,
  type NodeSelectorTerm,
  type Taint,
  type Toleration,
} from '@kubewise/kube'
import type { CheckedPodSpec } from './pod-fields.ts'

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

function holds({ key, operator, values = [] }: Requirement, fields: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined
  switch (operator) {
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Gt':
      return Number(value) > Number(values[0])
    case 'Lt':
      return Number(value) < Number(values[0])
    default:
      return false
  }
}

/** Terms of which one must hold; an empty term holds for no node. */
export function matchesNodeSelector({ nodeSelectorTerms = [] }: NodeSelector, { metadata }: Node): boolean {
  return nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length === 0 && matchFields.length === 0) return false
    const fields = { 'metadata.name': metadata?.name ?? '' }
    return (
      matchExpressions.every((each) => holds(each, metadata?.labels ?? {})) &&
      matchFields.every((each) => holds(each, fields))
    )
  })
}

function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some(({ key, operator = 'Equal', value = '', effect }) => {
    if (effect !== undefined && effect !== '' && effect !== taint.effect) return false
    if (key === undefined || key === '') return operator === 'Exists'
    return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''))
  })
}

/** Set by the node controller of what is told by conditions and `unschedulable` already. */
const BY_THE_CLUSTER = 'node.kubernetes.io/'

/** Why a node takes no pod of this spec, room aside; undefined where it would. */
export function nodeRefuses(node: Node, spec: CheckedPodSpec): string | undefined {
  if (conditionOf(node, 'Ready')?.status !== 'True') return 'not ready'
  if (node.spec?.unschedulable === true) return 'cordoned'
  const taint = (node.spec?.taints ?? []).find(
    (each) => each.effect !== 'PreferNoSchedule' && !isTolerated(each, spec.tolerations ?? []),
  )
  if (taint) return taint.key.startsWith(BY_THE_CLUSTER) ? taint.key.slice(BY_THE_CLUSTER.length) : 'tainted'
  const labels = node.metadata?.labels ?? {}
  if (!Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value))
    return 'not in the node selector'
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required && !matchesNodeSelector(required, node)) return 'outside the node affinity'
  return undefined
}
