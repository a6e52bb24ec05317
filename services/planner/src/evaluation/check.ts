import type { PlanCheck, PlanStep, Refusal } from '@kubewise/contracts'
import type { JsonPatchOperation, PodTemplate } from '@kubewise/kube'

/** A step with the change that the server is asked about. */
export interface Draft {
  step: PlanStep
  patch?: JsonPatchOperation[]
  /** What the target's pods will be made from after it; absent where the step leaves the template as it is. */
  template?: PodTemplate
}

/** What is asked of a plan, in the order in which refusals are told: of the plan first, then of the change, then of the pods that must come. */
export const CHECKS = [
  'schema',
  'policy',
  'permission',
  'ownership',
  'availability',
  'timing',
  'quota',
  'admission',
  'dry-run',
  'image',
  'scheduling',
  'volumes',
] as const
export type CheckName = (typeof CHECKS)[number]

/** The code of what could not be read, as distinct from what cannot be told. */
export const NOT_READABLE = 'not-readable'

/** What a check says of one thing, before it is known under which name. */
export type Verdict = Omit<PlanCheck, 'name'>

export const pass = (say: string): Verdict => ({ verdict: 'passed', say })
export const refuse = (code: string, say: string): Verdict => ({ verdict: 'refused', code, say })
export const doubt = (say: string, code?: string): Verdict => ({
  verdict: 'unknown',
  say,
  ...(code !== undefined && { code }),
})
export const notReadable = (what: string, why: string): Verdict => doubt(`${what} cannot be read: ${why}`, NOT_READABLE)

const GRAVITY = { refused: 2, unknown: 1, passed: 0 } as const

/** The gravest of several verdicts, the first of these; `otherwise` where there are none. */
export function gravest(verdicts: readonly Verdict[], otherwise: string): Verdict {
  return (
    verdicts.reduce<Verdict | undefined>(
      (worst, each) => (worst && GRAVITY[worst.verdict] >= GRAVITY[each.verdict] ? worst : each),
      undefined,
    ) ?? pass(otherwise)
  )
}

export const named = (name: CheckName, { verdict, code, say }: Verdict): PlanCheck => ({
  name,
  verdict,
  ...(code !== undefined && verdict !== 'passed' && { code }),
  say,
})

/**
 * Why a plan is not to be carried out, by its checks. What the guards say (`policy`) is no such reason: it stays on the plan as
 * its refusals, since it ends by waiting or by a person's word.
 */
export function refusalIn(checks: readonly PlanCheck[]): Refusal | undefined {
  const found = checks.find(({ name, verdict }) => verdict === 'refused' && name !== 'policy')
  return found && { code: found.code ?? 'preflight-refused', say: found.say }
}
