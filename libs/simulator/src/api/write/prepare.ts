import type { KubernetesObject, Pod, PodSpec, Resource, Service } from '@kubewise/kube'
import { CLAIM_FINALIZER } from '../../objects/claim-protection.ts'
import { isJsonObject, type JsonObject } from '../../objects/json.ts'
import { resourceKey } from '../../objects/metadata.ts'
import { fill, part } from '../defaults/fill.ts'
import { TEMPLATE_GENERATION } from '../defaults/workloads.ts'
import { qosClassOf } from '../pod-qos.ts'
import { findApiResource } from '../resources.ts'

function hasStatusDoor(resource: Resource): boolean {
  return findApiResource(resource.group, resource.version, resource.plural)?.subresources.includes('status') ?? false
}

/** A Job finds its pods by a label of its own uid. What was said of these before stays, and is for the validation to refuse. */
function prepareJob(job: JsonObject): void {
  const spec = part(job, 'spec')
  if (spec['manualSelector'] === true) return
  const { uid = '', name = '' } = part(job, 'metadata')
  const labels = part(part(part(spec, 'template'), 'metadata'), 'labels')
  fill(labels, {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  })
  fill(part(job, 'metadata'), { labels })
  fill(part(part(spec, 'selector'), 'matchLabels'), { 'batch.kubernetes.io/controller-uid': uid })
}

function prepareService(service: JsonObject, random: () => number): void {
  const spec = part(service, 'spec')
  if (spec['type'] === 'ExternalName') return
  const byte = () => Math.floor(random() * 254) + 1
  spec['clusterIP'] ??= `10.96.${byte()}.${byte()}`
  spec['clusterIPs'] = [spec['clusterIP']]
  fill(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
}

/** What a new object's kind does to it before it is validated: first status, generated fields. In place. */
export function prepareForCreate(resource: Resource, object: KubernetesObject, random: () => number): void {
  const members = object as JsonObject
  const key = resourceKey(resource)
  if (hasStatusDoor(resource) && key !== '/persistentvolumeclaims' && key !== '/nodes') delete members['status']
  if (key === '/pods')
    members['status'] = { phase: 'Pending', qosClass: qosClassOf((object as Pod).spec ?? { containers: [] }) }
  if (key === '/namespaces') {
    members['status'] = { phase: 'Active' }
    fill(part(members, 'spec'), { finalizers: ['kubernetes'] })
  }
  if (key === 'batch/jobs') prepareJob(members)
  if (key === '/services') prepareService(members, random)
  if (key === '/persistentvolumeclaims') part(members, 'metadata')['finalizers'] ??= [CLAIM_FINALIZER]
}

function templateGeneration(before: JsonObject, after: JsonObject): void {
  const template = (object: JsonObject) => JSON.stringify(part(object, 'spec')['template'])
  const annotations = part(part(after, 'metadata'), 'annotations')
  const { annotations: old } = part(before, 'metadata')
  const current = Number(isJsonObject(old) ? (old[TEMPLATE_GENERATION] ?? 1) : 1)
  annotations[TEMPLATE_GENERATION] = String(template(before) === template(after) ? current : current + 1)
}

function keepAddress(before: Service, after: Service): void {
  if (after.spec === undefined || after.spec.type === 'ExternalName') return
  Object.assign(after.spec, {
    clusterIP: after.spec.clusterIP ?? before.spec?.clusterIP,
    clusterIPs: (before.spec as { clusterIPs?: string[] }).clusterIPs,
  })
}

/** Through the resize door only the resources of containers come in; of the metadata, who wrote what is kept up. */
function onlyResources(before: PodSpec, after: PodSpec): PodSpec {
  if (before.containers.length !== after.containers.length) return after
  const isSameOrder = before.containers.every((container, index) => container.name === after.containers[index]?.name)
  if (!isSameOrder) return after
  const containers = before.containers.map((container, index) => {
    const { resources, resizePolicy } = after.containers[index] ?? {}
    return {
      ...container,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    }
  })
  return { ...before, containers }
}

/** Takes back what the door of an update does not let in, and what the kind itself keeps up. In place. */
export function prepareForUpdate(
  resource: Resource,
  before: KubernetesObject,
  after: KubernetesObject,
  subresource: string | undefined,
): void {
  const old = structuredClone(before) as JsonObject
  const members = after as JsonObject
  const restore = (name: string) => {
    if (old[name] === undefined) delete members[name]
    else members[name] = old[name]
  }
  if (subresource === 'status') {
    restore('spec')
    return
  }
  if (hasStatusDoor(resource)) restore('status')
  if (subresource === 'resize') {
    const { managedFields } = after.metadata ?? {}
    after.metadata = { ...before.metadata, ...(managedFields && { managedFields }) }
    members['spec'] = onlyResources(
      (old as Pod).spec ?? { containers: [] },
      (after as Pod).spec ?? { containers: [] },
    ) as never
  }
  if (resource.kind === 'Service') keepAddress(old, after)
  if (resource.kind === 'DaemonSet') templateGeneration(old, members)
}
