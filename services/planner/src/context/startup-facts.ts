import { QUIET, type Facts, type PodFacts } from '@kubewise/contracts'
import { controllerOf, type Pod } from '@kubewise/kube'
import type { Context } from './context.ts'
import { isIntroduced } from './introduced.ts'
import type { HealthyRevision } from './last-healthy.ts'
import { imageProblem, missingIn } from './pod-surroundings.ts'
import { configurationReferences, containersOf, registryOf } from './template-references.ts'

/** What most have; of equals the first. */
function mostCommon(values: readonly string[]): string {
  const counts = [...Map.groupBy(values, (value) => value)].map(([value, group]) => ({ value, count: group.length }))
  return counts.sort((a, b) => b.count - a.count)[0]?.value ?? ''
}

/** The images whose container waits for them; of init containers too. */
function failingImages(pod: Pod): string[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return statuses
    .filter(({ state }) => /Image|Registry/.test(state?.waiting?.reason ?? ''))
    .flatMap((status) => containersOf(pod.spec).find(({ name }) => name === status.name)?.image ?? status.image ?? [])
}

/** A workload as its pods show it: their controller's name, without the hash of a Deployment's revision. */
function ownerKey(pod: Pod): string {
  const hash = pod.metadata?.labels?.['pod-template-hash']
  const name = controllerOf(pod)?.name ?? pod.metadata?.name ?? ''
  const base = hash !== undefined && name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : name
  return `${pod.metadata?.namespace ?? ''}/${base}`
}

/**
 * Other workloads whose pods wait for another image of the same registry for the same reason. That a tag does not exist is its
 * owner's mistake, and who waits for the very same image says nothing of the registry.
 */
function othersOf(
  registry: string,
  problem: string,
  own: ReadonlySet<string>,
  { pendingPods, events, incident }: Context,
): number {
  const ownKey = `${incident.target.namespace}/${incident.target.name}`
  const owners = pendingPods
    .filter((pod) => failingImages(pod).some((image) => registryOf(image) === registry && !own.has(image)))
    .filter((pod) => imageProblem(pod, { events }) === problem)
    .map(ownerKey)
  return new Set(owners.filter((owner) => owner !== ownKey)).size
}

/** By the containers' states; other targets by their pods' states. */
export function imageFacts(context: Context, pods: readonly PodFacts[], rollout: Facts['rollout']): Facts['image'] {
  const ill = pods.filter(({ imageProblem, terminating }) => imageProblem !== '' && !terminating)
  if (ill.length === 0) return QUIET.image
  const uids = new Set(ill.map(({ uid }) => uid))
  const images = context.pods.filter(({ metadata }) => uids.has(metadata?.uid ?? '')).flatMap(failingImages)
  const registry = mostCommon(images.map(registryOf))
  const problem = mostCommon(ill.map((pod) => pod.imageProblem))
  const revisions = new Set(ill.map(({ revision }) => revision))
  return {
    failing: true,
    problem,
    registry,
    otherTargets: othersOf(registry, problem, new Set(images), context),
    runsElsewhere: pods.some(({ ready, revision }) => ready && revisions.has(revision)),
    introducedByRollout: isIntroduced(ill, rollout, ['image']),
  }
}

/** By the kubelet's words in the container's state; of a mount by its Events, see `podSurroundings`. */
export function configurationFacts(
  context: Context,
  pods: readonly PodFacts[],
  healthy: HealthyRevision | undefined,
  rollout: Facts['rollout'],
): Facts['configuration'] {
  const ill = pods.filter(({ missing }) => missing !== '')
  const first = ill[0]
  const pod = context.pods.find(({ metadata }) => metadata?.uid === first?.uid)
  const missing = pod && missingIn(pod, context)
  if (!missing) return QUIET.configuration
  const before = healthy && configurationReferences(healthy.revision.template.spec, missing.kind)
  const wasNamed = before?.some(({ name, key }) => name === missing.name && (key === '' || key === missing.key))
  const onlyNew = ill.every(({ revision }) => revision === rollout.current)
  return { missing: true, ...missing, introducedByRollout: before !== undefined && wasNamed === false && onlyNew }
}

/** By state for readiness and startup; that a liveness probe kills, by Events where the deaths agree. */
export function probeFacts(pods: readonly PodFacts[], rollout: Facts['rollout']): Facts['probe'] {
  const ill = pods.filter(({ failingProbe, terminating }) => failingProbe !== '' && !terminating)
  if (ill.length === 0) return QUIET.probe
  return {
    failing: mostCommon(ill.map(({ failingProbe }) => failingProbe)),
    kills: ill.some(({ killedByProbe }) => killedByProbe),
    introducedByRollout: isIntroduced(ill, rollout, ['probes', 'image', 'command', 'env', 'resources']),
  }
}
