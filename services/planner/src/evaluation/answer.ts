import { isKubeError, type KubeError } from '@kubewise/kube'
import { explain } from '@kubewise/service'
import { doubt, refuse, type Verdict } from './check.ts'

const LONGEST_ANSWER = 300

/**
 * What the API server's own components say to what they do not take, and our code for it.
 *
 * @see https://github.com/kubernetes/kubernetes/tree/v1.34.0/plugin/pkg/admission
 */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/\bexceeded quota: |\bfailed quota: /, 'quota-exceeded'],
  [/\bviolates PodSecurity /, 'pod-security'],
  [/\bfailed calling webhook "/, 'webhook-down'],
  [/\badmission webhook "[^"]*" denied the request|\bValidatingAdmissionPolicy '[^']*'/, 'admission-denied'],
  [/\b(?:maximum|minimum) [a-z.-]+ usage per (?:Container|Pod)\b|\bmax limit to request ratio\b/, 'limit-range'],
  [/\bwould violate the pod's disruption budget/, 'pdb-exhausted'],
  [/\bmore than one PodDisruptionBudget/, 'pdb-several'],
]

/** A dry run needs the right to write, which the planner has only where it shares the executor's account. */
const isNoRight = (message: string) => /\bcannot (?:patch|create) resource\b/.test(message)
/** A webhook with side effects is not asked in a dry run; a new quota is not counted yet. */
const isNotNow = (message: string) => /\bdoes not support dry run\b|\bstatus unknown for quota\b/.test(message)

function codeOf(error: KubeError): string | undefined {
  const known = REASONS.find(([pattern]) => pattern.test(error.message))?.[1]
  if (known !== undefined) return known
  const isClear = error.kind === 'invalid' || error.kind === 'forbidden'
  return isClear ? 'preflight-refused' : undefined
}

/** Reads the answer to a dry run: a clear no of what is asked is a refusal, all else says nothing of it. */
export function answerOf(error: unknown): Verdict {
  if (!isKubeError(error)) return doubt(`It could not be asked: ${explain(error)}`)
  const said = error.message.slice(0, LONGEST_ANSWER)
  if (isNoRight(error.message)) return doubt('The planner’s account may not ask for it.')
  if (isNotNow(error.message)) return doubt(`It cannot be asked now: ${said}`)
  const code = codeOf(error)
  return code === undefined
    ? doubt(`It could not be asked: ${said}`)
    : refuse(code, `The API server would refuse it: ${said}`)
}
