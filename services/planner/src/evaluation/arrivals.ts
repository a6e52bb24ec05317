import type { Facts, PodFacts } from '@kubewise/contracts'
import type { Pod, PodTemplate } from '@kubewise/kube'
import { rolloutWorkload, templateOf, type Context } from '../context/context.ts'
import type { Draft } from './check.ts'
import { rolloutBounds } from './rollout-bounds.ts'

/** Pods that must come for a step to succeed, and what goes for them. */
export interface Arrival {
  step: string
  template: PodTemplate
  /** At least so many. */
  count: number
  /** Pods that go before the first of them comes: their quota, room and volumes are free by then. */
  leaving: readonly Pod[]
  /** Of those that go before a replacement is there, how many are ready: what is not known of the replacement counts against it. */
  readyTaken: number
}

const liveIn = (facts: Facts) => facts.pods.filter(({ terminating }) => !terminating)

const objectsOf = (context: Context, pods: readonly PodFacts[]): Pod[] =>
  context.pods.filter(({ metadata }) => pods.some(({ uid }) => uid === metadata?.uid))

/** How many ready ones of these a rollout may take at once: no more are let go than may be missing, counting those that are missing. */
function readyTakenOf(context: Context, facts: Facts, replaced: readonly PodFacts[]): number {
  const workload = rolloutWorkload(context)
  if (!workload) return 0
  const { unavailable } = rolloutBounds(workload, facts.target.wanted)
  const missing = Math.max(0, facts.target.wanted - facts.target.ready)
  return Math.min(replaced.filter(({ ready }) => ready).length, Math.max(0, unavailable - missing))
}

function evictionOf(context: Context, facts: Facts, uid: string): Arrival | undefined {
  const pod = facts.pods.find((each) => each.uid === uid)
  const revision = context.revisions.find(({ label }) => label !== '' && label === pod?.revision)
  const template = revision?.template ?? templateOf(context)
  if (!pod || !template) return undefined
  const isReady = pod.ready && !pod.terminating
  return { step: '', template, count: 1, leaving: objectsOf(context, [pod]), readyTaken: isReady ? 1 : 0 }
}

/** Back to a revision of which pods may still be there: only what is missing of them must come, and the broken ones go first. */
function rollbackOf(context: Context, facts: Facts, template: PodTemplate, number: unknown): Arrival {
  const label = context.revisions.find((each) => each.number === number)?.label
  const live = liveIn(facts)
  const here = live.filter(({ revision }) => revision === label).length
  const replaced = live.filter(({ revision }) => revision !== label)
  const readyTaken = readyTakenOf(context, facts, replaced)
  const workload = rolloutWorkload(context)
  const goFirst = workload && rolloutBounds(workload, facts.target.wanted).unavailable > 0
  const leaving = replaced.filter(({ ready }) => goFirst || !ready)
  const count = Math.max(0, facts.target.wanted - here)
  return { step: '', template, count, leaving: objectsOf(context, leaving), readyTaken }
}

/** Every pod is replaced, one after the other; the first of them must find its place. */
function renewalOf(context: Context, facts: Facts, template: PodTemplate): Arrival {
  const live = liveIn(facts)
  const workload = rolloutWorkload(context)
  const goesFirst = workload && rolloutBounds(workload, facts.target.wanted).unavailable > 0
  const first = live.find(({ ready }) => !ready) ?? live[0]
  return {
    step: '',
    template,
    count: Math.min(1, facts.target.wanted),
    leaving: goesFirst && first ? objectsOf(context, [first]) : [],
    readyTaken: readyTakenOf(context, facts, live),
  }
}

const additionOf = (template: PodTemplate, count: number): Arrival => ({
  step: '',
  template,
  count: Math.max(0, count),
  leaving: [],
  readyTaken: 0,
})

function arrivalOf(context: Context, facts: Facts, { step, template: after }: Draft): Arrival | undefined {
  const template = after ?? templateOf(context)
  if (step.action === 'evict-pod@1') return evictionOf(context, facts, String(step.with['uid']))
  if (!template) return undefined
  switch (step.action) {
    case 'rollback@1':
      return rollbackOf(context, facts, template, step.with['toRevision'])
    case 'set-resources@1':
    case 'restart@1':
      return renewalOf(context, facts, template)
    case 'scale@1':
      return additionOf(template, Number(step.with['replicas']) - facts.target.wanted)
    case 'set-autoscaler-maximum@1':
      return additionOf(template, 1)
    default:
      return undefined
  }
}

/** The pods that must come for these steps to succeed; a step that needs none has no entry. */
export function arrivalsOf(context: Context, facts: Facts, drafts: readonly Draft[]): Arrival[] {
  return drafts.flatMap((draft) => {
    const arrival = arrivalOf(context, facts, draft)
    return arrival && arrival.count > 0 ? { ...arrival, step: draft.step.id } : []
  })
}
