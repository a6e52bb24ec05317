import { RESOURCES, type CoreEventObject, type EventObject, type KubernetesObject, type Resource } from '@kubewise/kube'

/** An event as `events.k8s.io/v1` has it, from its stored core form. */
export function toEventsApi(event: CoreEventObject): EventObject {
  const { involvedObject, message, count, firstTimestamp, lastTimestamp, reportingComponent, ...others } = event
  const { source, reportingInstance, ...rest } = others
  const { apiVersion: _, kind: __, ...same } = rest
  return {
    ...(same as Omit<EventObject, 'apiVersion' | 'kind'>),
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    ...(involvedObject === undefined ? {} : { regarding: involvedObject }),
    ...(message === undefined ? {} : { note: message }),
    ...(count === undefined ? {} : { deprecatedCount: count }),
    ...(firstTimestamp === undefined ? {} : { deprecatedFirstTimestamp: firstTimestamp }),
    ...(lastTimestamp === undefined ? {} : { deprecatedLastTimestamp: lastTimestamp }),
    // The one API writes these also where they are empty, the other does not.
    ...(reportingComponent === undefined || reportingComponent === ''
      ? {}
      : { reportingController: reportingComponent }),
    ...(reportingInstance === undefined || reportingInstance === '' ? {} : { reportingInstance }),
    ...(source === undefined ? {} : { deprecatedSource: source }),
  }
}

/** The stored, core form of an event that came through `events.k8s.io/v1`. */
export function toCoreEvent(event: EventObject): CoreEventObject {
  const { regarding, note, deprecatedCount, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...other } = event
  const { reportingController, deprecatedSource, apiVersion: _, kind: __, ...same } = other
  return {
    ...(same as Omit<CoreEventObject, 'apiVersion' | 'kind'>),
    apiVersion: 'v1',
    kind: 'Event',
    ...(regarding === undefined ? {} : { involvedObject: regarding }),
    ...(note === undefined ? {} : { message: note }),
    ...(deprecatedCount === undefined ? {} : { count: deprecatedCount }),
    ...(deprecatedFirstTimestamp === undefined ? {} : { firstTimestamp: deprecatedFirstTimestamp }),
    ...(deprecatedLastTimestamp === undefined ? {} : { lastTimestamp: deprecatedLastTimestamp }),
    ...(reportingController === undefined ? {} : { reportingComponent: reportingController }),
    ...(deprecatedSource === undefined ? {} : { source: deprecatedSource }),
  }
}

/** Where objects of a resource are stored: both kinds of event are one. */
export function storedAs(resource: Resource): Resource {
  return resource.group === 'events.k8s.io' ? RESOURCES.CoreEvent : resource
}

/** A stored object as the resource shows it. */
export function shownAs(resource: Resource, object: KubernetesObject): KubernetesObject {
  return resource.group === 'events.k8s.io' ? toEventsApi(object) : object
}

/** An object of the resource as it is stored. */
export function storedForm(resource: Resource, object: KubernetesObject): KubernetesObject {
  return resource.group === 'events.k8s.io' ? toCoreEvent(object) : object
}
