import type { KubernetesObject, LabelSelector } from '@kubewise/kube'
import { matchesLabels, requirementsOf } from '../../api/selectors/label-selector.ts'

/** @returns false for an absent selector, which selects nothing; an empty one selects all */
export function isSelected(selector: LabelSelector | undefined, object: KubernetesObject): boolean {
  return selector !== undefined && matchesLabels(requirementsOf(selector), object.metadata?.labels)
}
