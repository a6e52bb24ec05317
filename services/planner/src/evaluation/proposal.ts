import { titleOf, type Entity, type Facts, type PlanStep, type Proposal } from '@kubewise/contracts'
import { apiVersionOf, RESOURCES, type PodTemplate, type ResourceName } from '@kubewise/kube'
import { stringify } from 'yaml'
import { templateOf, type Context } from '../context/context.ts'
import type { Draft } from './check.ts'
import { templatePatch } from './template-patch.ts'

interface Wish {
  object: Entity
  /** Below the object's own name. */
  body: object
  /** What is not in the patch, and why. */
  left: readonly string[]
}

function templateWish(context: Context, step: PlanStep, after: PodTemplate): Wish[] {
  const revision = step.action === 'rollback@1' ? Number(step.with['toRevision']) : undefined
  const { patch, left } = templatePatch(templateOf(context), after, revision)
  return patch === undefined ? [] : [{ object: step.object, body: { spec: { template: patch } }, left }]
}

/** The declared form of what a step would change; nothing for a step that no declaration holds, such as an eviction. */
function wishOf(context: Context, { step, template }: Draft): Wish[] {
  const { with: given } = step
  if (template) return templateWish(context, step, template)
  const bodyOf = (spec: object): Wish[] => [{ object: step.object, body: { spec }, left: [] }]
  switch (step.action) {
    case 'scale@1':
      return bodyOf({ replicas: given['replicas'] })
    case 'set-autoscaler-maximum@1':
      return bodyOf({ maxReplicas: given['maxReplicas'] })
    case 'expand-volume@1':
      return bodyOf({ resources: { requests: { storage: given['size'] } } })
    default:
      return []
  }
}

/**
 * The change as a patch that a person can commit where the object is declared. It holds images, limits, replicas and probes;
 * of the environment only names, since values may be secrets.
 */
export function proposalOf(context: Context, facts: Facts, drafts: readonly Draft[]): Proposal | undefined {
  const wish = drafts.flatMap((draft) => wishOf(context, draft))[0]
  if (!wish || !(wish.object.kind in RESOURCES)) return undefined
  const { kind, namespace, name } = wish.object
  const apiVersion = apiVersionOf(RESOURCES[kind as ResourceName])
  const owner = facts.target.ownedBy === '' ? '' : ` (${facts.target.ownedBy})`
  const rest = wish.left.length > 0 ? ` Not in it: ${wish.left.join('; ')}.` : ''
  return {
    object: wish.object,
    patch: stringify({ apiVersion, kind, metadata: { name, namespace }, ...wish.body }, { lineWidth: 0 }),
    say: `Commit this patch where ${titleOf(wish.object)} is declared${owner}.${rest}`,
  }
}
