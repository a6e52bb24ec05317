import { type Facts, type PodFacts } from '@kubewise/contracts'
import { formatQuantity, bytesQuantity } from '@kubewise/kube'
import type { Remedy } from './choice.ts'

const ago = (seconds: number) =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`

const distinct = (texts: readonly string[]) => [...new Set(texts.filter((text) => text !== ''))].join(', ')

function failingPods({ pods, rollout }: Facts): string | undefined {
  const counted = pods.filter(({ terminating }) => !terminating)
  const failing = counted.filter(({ cannotRun }) => cannotRun)
  if (failing.length === 0) return undefined
  const why = distinct(failing.map(({ waiting, exitReason }: PodFacts) => waiting || exitReason))
  const hasOthers = counted.some(({ revision }) => revision !== rollout.current)
  const areNew = hasOthers && failing.every(({ revision }) => revision === rollout.current)
  return `${failing.length} of ${counted.length} pods cannot run (${why || 'crashing'})${areNew ? ', all of the newest revision' : ''}`
}

/** Rollouts older than this are no news. */
const RECENT_SECONDS = 3600

function rolloutStory({ rollout }: Facts): string | undefined {
  if (rollout.current === '' || rollout.ageSeconds > RECENT_SECONDS) return undefined
  const { lastHealthy } = rollout
  const since = lastHealthy.ageSeconds < 1 ? 'is healthy' : `was healthy ${ago(lastHealthy.ageSeconds)} ago`
  const before = lastHealthy.exists
    ? `revision ${lastHealthy.revision} ${since}`
    : 'no other one is known to have been healthy'
  return `revision ${rollout.revision} came ${ago(rollout.ageSeconds)} ago, ${before}`
}

const bytes = (amount: number) => formatQuantity(bytesQuantity(amount))

function memoryStory({ memory }: Facts): string | undefined {
  if (memory.kills === 0) return undefined
  const times = memory.kills === 1 ? 'once' : `${memory.kills} times`
  const limit = memory.limitBytes > 0 ? ` at its limit of ${bytes(memory.limitBytes)}` : ''
  return `container ${memory.container} was killed for memory ${times}${limit}${memory.steady ? ', under steady use' : ''}`
}

function runawayStory({ runaway }: Facts): string | undefined {
  return runaway.exists
    ? `${runaway.pod} uses ${runaway.ratio.toFixed(1)} times the CPU of its siblings (${runaway.value.toFixed(0)} against ${runaway.siblings.toFixed(0)})`
    : undefined
}

function dependencyStory({ dependencies }: Facts): string | undefined {
  const down = dependencies.filter(({ available }) => !available).map(({ namespace, name }) => `${namespace}/${name}`)
  return down.length > 0 ? `${down.join(', ')} ${down.length === 1 ? 'has' : 'have'} no ready endpoint` : undefined
}

function targetStory({ target }: Facts): string {
  return target.ownedBy === ''
    ? `${target.ready} of ${target.wanted} wanted pods are ready`
    : `${target.ownedBy} owns it`
}

/** Why, in a few sentences for a person, from facts alone: no text of the cluster but names and reasons. */
export function reasoningOf(remedy: Remedy, facts: Facts): string {
  const stories = [failingPods, memoryStory, runawayStory, dependencyStory, rolloutStory, targetStory]
  const evidence = stories.flatMap((story) => story(facts) ?? []).join('; ')
  const refused = remedy.refused.map(({ say }) => say).join(' ')
  const doubt = remedy.demotion ? ` ${remedy.demotion.say}` : ''
  return `${remedy.say} Seen: ${evidence}.${refused === '' ? '' : ` Not done: ${refused}`}${doubt}`
}
