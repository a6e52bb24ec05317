import type { ExecutionStep, Refusal } from '@kubewise/contracts'
import { isPodReady } from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import { asKnown } from '../context/gather.ts'
import { readNeighbours } from '../context/neighbours.ts'
import { readWorkload } from '../context/workload.ts'
import { currentPods, endedSince, nameOf, whyItCannotRun } from '../verify/pods.ts'
import { neighboursWell } from '../verify/neighbours.ts'
import type { Work } from '../work.ts'
import { releasedFields } from './hold.ts'

/** `not-enough`: of a raise that stays, and is raised again. `released`: somebody else let the rest be replaced. */
export interface Watched {
  value: 'good' | 'bad' | 'not-enough' | 'released'
  say: string
}
type Look = Watched | { value: 'not-ready' | 'ready' | 'unknown'; say: string }

const SECOND = 1000
const LOOK_EVERY_MS = 2 * SECOND
const DEFAULT_WITHIN_SECONDS = 180

async function lookAt(work: Work, step: ExecutionStep): Promise<Look> {
  const { kube, plan } = work
  const view = await asKnown(() => readWorkload(kube, plan.target))
  if (!view.isKnown) return { value: 'unknown', say: `The first new pod could not be read: ${view.why}` }
  if (!view.value) return { value: 'bad', say: 'The workload does not exist any more.' }
  const released = releasedFields(step, view.value.workload)
  if (released.length > 0)
    return {
      value: 'released',
      say: `Somebody let the rollout go on before its first new pod was watched to the end, by ${released.join(', ')}.`,
    }
  const pods = currentPods(view.value) ?? []
  for (const pod of pods) {
    const reason = whyItCannotRun(pod)
    const ended = endedSince(pod, step.sentMs ?? 0)[0]
    const isNotEnough = ended?.reason === 'OOMKilled' && actionNamed(step.action)?.keepsWhenNotEnough === true
    if (ended)
      return {
        value: isNotEnough ? 'not-enough' : 'bad',
        say: `The first new pod ${nameOf(pod)} ended (${ended.reason || `exit ${ended.exitCode}`}).`,
      }
    if (reason !== undefined) return { value: 'bad', say: `The first new pod ${nameOf(pod)} cannot run: ${reason}.` }
  }
  const around = neighboursWell(await asKnown(() => readNeighbours(work, step.sentMs ?? 0)))
  if (around.value !== 'holds') return { value: around.value === 'unknown' ? 'unknown' : 'not-ready', say: around.say }
  return pods.some(isPodReady)
    ? { value: 'ready', say: 'The first new pod is ready.' }
    : { value: 'not-ready', say: 'The first new pod did not become ready.' }
}

/**
 * Watches the first new pod of a step that was held: good once it was ready for as long as is set, without an end; bad at the first
 * thing that no waiting can mend, or when the plan's time to recover is over. The old pods are there all the while, so that also
 * what could not be read is taken back. Over as soon as somebody else lets the rest be replaced: there is nothing to hold any more.
 *
 * @throws the reason of `stopping`
 */
export async function watchFirstPod(
  work: Work,
  step: ExecutionStep,
  halted: () => Refusal | undefined,
): Promise<Watched | Refusal> {
  const { clock, plan, options, stopping } = work
  const { watchMs } = options.canary
  const withinMs = (plan.expect?.withinSeconds ?? DEFAULT_WITHIN_SECONDS) * SECOND + watchMs
  const sinceMs = step.observedMs ?? clock.now()
  const leftMs = Math.min(withinMs, Math.max(0, sinceMs + withinMs - clock.now()))
  const deadlineMs = clock.monotonic() + leftMs
  let readySinceMs: number | undefined
  for (;;) {
    stopping.throwIfAborted()
    const stop = halted()
    if (stop) return stop
    const { value, say } = await lookAt(work, step)
    if (value !== 'ready' && value !== 'not-ready' && value !== 'unknown') return { value, say }
    const nowMs = clock.monotonic()
    readySinceMs = value === 'ready' ? (readySinceMs ?? nowMs) : undefined
    if (readySinceMs !== undefined && nowMs - readySinceMs >= watchMs)
      return { value: 'good', say: `The first new pod was ready for ${watchMs / SECOND} s.` }
    if (readySinceMs === undefined && nowMs >= deadlineMs) return { value: 'bad', say }
    await clock.sleep(LOOK_EVERY_MS, stopping)
  }
}
