import { timeMs, type EventObject, type KubernetesObject } from '@kubewise/kube'

/** Notes longer than this are cut before they are looked at; Kubernetes allows 1 KiB, older servers more. */
const LONGEST_NOTE = 4_096

/** When an Event was seen last. */
export function eventTimeMs({ series, deprecatedLastTimestamp, eventTime, metadata }: EventObject): number | undefined {
  return (
    timeMs(series?.lastObservedTime) ??
    timeMs(deprecatedLastTimestamp) ??
    timeMs(eventTime) ??
    timeMs(metadata?.creationTimestamp)
  )
}

/** When an Event was seen first. */
export const eventFirstMs = ({ deprecatedFirstTimestamp, eventTime, metadata }: EventObject): number | undefined =>
  timeMs(deprecatedFirstTimestamp) ?? timeMs(eventTime) ?? timeMs(metadata?.creationTimestamp)

export const eventCount = ({ series, deprecatedCount }: EventObject): number => series?.count ?? deprecatedCount ?? 1

/** The component that says so of itself; whoever may create Events can write any name here. */
const reporterOf = ({ reportingController, deprecatedSource }: EventObject): string =>
  reportingController || (deprecatedSource?.component ?? '')

/** An Event's words, as far as they are looked at. Never shown, never kept: only classified. */
export const noteOf = ({ note }: EventObject): string => (typeof note === 'string' ? note.slice(0, LONGEST_NOTE) : '')

/** Components of Kubernetes whose wordings are known. */
export type Reporter = 'kubelet' | 'scheduler' | 'controller' | 'attach-detach' | 'provisioner'

const REPORTERS: Record<Reporter, (name: string) => boolean> = {
  kubelet: (name) => name === 'kubelet',
  scheduler: (name) => name === 'default-scheduler',
  controller: (name) =>
    [
      'replicaset-controller',
      'statefulset-controller',
      'daemonset-controller',
      'daemon-set',
      'job-controller',
    ].includes(name),
  'attach-detach': (name) => name === 'attachdetach-controller',
  // A provisioner has its driver's name and a suffix of the pod that leads.
  provisioner: (name) => name === 'persistentvolume-controller' || name.includes('_') || name.includes('provisioner'),
}

/**
 * Events of one reason, by the component that alone gives it, about one object. The component's name is the writer's own word,
 * so a fact that rests on these needs the object's state to agree.
 */
export function eventsAbout(
  events: readonly EventObject[],
  object: KubernetesObject | { metadata: { uid: string } } | undefined,
  reason: string,
  reporter: Reporter,
): EventObject[] {
  const uid = object?.metadata?.uid
  if (uid === undefined) return []
  return events.filter(
    (event) => event.regarding?.uid === uid && event.reason === reason && REPORTERS[reporter](reporterOf(event)),
  )
}
