import { isPodReady, type IntOrString, type Pod } from '@kubewise/kube'
import { isDaemonSet, isDeployment, isStatefulSet, wantedOf, type WorkloadView } from '../context/workload.ts'

/** A number of pods, or a share of them as `25%`. */
export function resolve(
  value: IntOrString | undefined,
  otherwise: IntOrString,
  wanted: number,
  round: (n: number) => number,
): number {
  const text = String(value ?? otherwise)
  return text.endsWith('%') ? round((wanted * Number(text.slice(0, -1))) / 100) : Number(text)
}

/** How many pods the controller may have unavailable while it replaces them. @see the rules of apps/v1 */
function maxUnavailable({ workload }: WorkloadView, wanted: number): number {
  if (isDeployment(workload)) {
    const { type, rollingUpdate = {} } = workload.spec?.strategy ?? {}
    if (type === 'Recreate') return wanted
    const unavailable = resolve(rollingUpdate.maxUnavailable, '25%', wanted, Math.floor)
    const surge = resolve(rollingUpdate.maxSurge, '25%', wanted, Math.ceil)
    return unavailable === 0 && surge === 0 ? 1 : unavailable
  }
  if (!isDaemonSet(workload) && !isStatefulSet(workload)) return wanted
  const { type, rollingUpdate = {} } = workload.spec?.updateStrategy ?? {}
  if (type === 'OnDelete') return 0
  if (isDaemonSet(workload)) {
    const surges = 'maxSurge' in rollingUpdate && resolve(rollingUpdate.maxSurge, 0, wanted, Math.ceil) > 0
    if (surges) return 0
  }
  return Math.max(1, resolve(rollingUpdate.maxUnavailable, 1, wanted, Math.ceil))
}

/** Ready pods that are gone at some moment while the controller replaces those that `isReplaced` names. */
export function readyPodsTakenByReplacing(view: WorkloadView, isReplaced: (pod: Pod) => boolean): number {
  const ready = view.pods.filter(isPodReady)
  const wanted = wantedOf(view)
  const spare = ready.length - (wanted - maxUnavailable(view, wanted))
  return Math.max(0, Math.min(ready.filter(isReplaced).length, spare))
}
