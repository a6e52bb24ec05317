import type { PlanStep } from '@kubewise/contracts'
import type { Permission } from './action.ts'
import { actionNamed } from './actions/index.ts'

/** A permission, where it is needed; without a namespace for what lies in none. */
export interface Need extends Permission {
  namespace?: string
}

/** Every permission that these steps need at the Kubernetes API, each once. An unknown action needs none: it is not carried out. */
export function needsOf(steps: readonly Pick<PlanStep, 'action' | 'object'>[]): Need[] {
  const needs = steps.flatMap(({ action, object: { kind, namespace } }) =>
    (actionNamed(action)?.needs(kind) ?? []).map((permission): Need => ({
      ...permission,
      ...(namespace !== '' && { namespace }),
    })),
  )
  return [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()]
}

/** `patch deployments.apps in shop` */
export function sayNeed({ verb, group, resource, subresource, namespace }: Need): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`
}
