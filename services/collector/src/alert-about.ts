import { NAMING_LABELS, type Entity, type OutsideAlert, type Target } from '@kubewise/contracts'
import type { About } from './alerts.ts'
import type { OwnerIndex } from './owner-index.ts'
import type { Relations } from './relations.ts'

/** Labels that name an object in the alert's namespace, as kube-state-metrics and others name them, most specific first. */
const OBJECTS = [
  ['deployment', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['cronjob', 'CronJob'],
  // `job` is Prometheus' own label: the name of what it scrapes.
  ['job_name', 'Job'],
  ['horizontalpodautoscaler', 'HorizontalPodAutoscaler'],
  ['persistentvolumeclaim', 'PersistentVolumeClaim'],
  ['poddisruptionbudget', 'PodDisruptionBudget'],
  ['resourcequota', 'ResourceQuota'],
] as const

/** A name that Kubernetes would take. Anything else in a label is no name, whatever it says. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/
/** Exporters that speak of others: Prometheus adds their own pod, service and address to what they say. */
const EXPORTER = /(?:^|-)(?:kube-state-metrics|node-exporter)(?:-|$)/
/** Pods of a Deployment, and of a StatefulSet, DaemonSet or Job: what stands before the part that its controller made up. */
const POD_OF = [
  ['Deployment', /^(.+)-[a-z0-9]{1,10}-[a-z0-9]{5}$/],
  ['StatefulSet', /^(.+)-\d+$/],
  ['DaemonSet', /^(.+)-[a-z0-9]{5}$/],
  ['Job', /^(.+)-[a-z0-9]{5}$/],
] as const

type Labels = Readonly<Record<string, string | undefined>>

/** Finds out what an alert is about from the labels that name objects; none of its other text is looked at. */
export function alertAbout(cluster: string, owners: OwnerIndex, relations: Relations): (alert: OutsideAlert) => About {
  const own = (kind: string, namespace: string, name: string): Entity => ({ cluster, kind, namespace, name })

  function workload({ namespace, ...labels }: Labels): About | undefined {
    if (namespace === undefined) return undefined
    for (const [label, kind] of OBJECTS) {
      const name = labels[label]
      if (name === undefined) continue
      return { entity: own(kind, namespace, name), target: owners.targetOf(kind, namespace, name), by: 'workload' }
    }
    return undefined
  }

  function pod({ namespace, pod: name }: Labels): About | undefined {
    if (namespace === undefined || name === undefined) return undefined
    const entity = own('Pod', namespace, name)
    return { entity, target: targetOfPod(namespace, name), by: 'pod' }
  }

  /** A pod may be gone before its alert comes; its controller's way of naming pods then tells the workload, if there is such a one. */
  function targetOfPod(namespace: string, name: string): Target {
    if (owners.has('Pod', namespace, name)) return owners.targetOf('Pod', namespace, name)
    for (const [kind, pattern] of POD_OF) {
      const workload = pattern.exec(name)?.[1]
      if (workload !== undefined && owners.has(kind, namespace, workload))
        return owners.targetOf(kind, namespace, workload)
    }
    return own('Pod', namespace, name)
  }

  function node({ node: name, instance }: Labels, exporterOn: string | undefined): About | undefined {
    const found = name ?? (instance === undefined ? undefined : relations.nodeAt(instance)) ?? exporterOn
    if (found === undefined) return undefined
    const entity = own('Node', '', found)
    return { entity, target: entity, by: 'node' }
  }

  function service({ namespace, service: name }: Labels): About | undefined {
    if (namespace === undefined || name === undefined) return undefined
    const entity = own('Service', namespace, name)
    const behind = relations.behindService(namespace, name)
    return { entity, target: behind ? owners.targetOf(behind.kind, namespace, behind.name) : entity, by: 'service' }
  }

  return ({ name, labels: given }) => {
    const labels = namesIn(given)
    const isOfExporter = EXPORTER.test(labels.pod ?? '')
    const about = isOfExporter ? withoutExporter(labels) : labels
    const exporterOn =
      isOfExporter && labels.pod?.includes('node-exporter')
        ? relations.nodeOf(labels.namespace ?? '', labels.pod)
        : undefined
    const nothing = own('Alert', labels.namespace ?? '', name)
    return (
      workload(about) ??
      pod(about) ??
      node(about, exporterOn) ??
      service(about) ?? { entity: nothing, target: nothing, by: 'nothing' }
    )
  }
}

type Names = Partial<Record<'namespace' | 'pod' | 'node' | 'instance' | 'service', string>> & Labels

/** Labels that hold a name. An instance is an address, with capital letters at times, and is looked up only. */
function namesIn(labels: Labels): Names {
  return Object.fromEntries(
    NAMING_LABELS.flatMap((label) => {
      const value = Object.hasOwn(labels, label) ? labels[label] : undefined
      return value !== undefined && (label === 'instance' || NAME.test(value)) ? [[label, value]] : []
    }),
  )
}

function withoutExporter({ pod, service: _service, instance, ...rest }: Names): Names {
  return pod?.includes('node-exporter') && instance !== undefined ? { ...rest, instance } : rest
}
