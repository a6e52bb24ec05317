import type { JsonObject } from '../../objects/json.ts'
import { fill, optionalPart, part, parts } from './fill.ts'

const FILE_MODE = 0o644
const ALL_CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers'] as const

function isLatest(image: unknown): boolean {
  const name = typeof image === 'string' ? image.slice(image.lastIndexOf('/') + 1) : ''
  if (name.includes('@')) return false
  return !name.includes(':') || name.endsWith(':latest')
}

function fillHttpGet(holder: JsonObject): void {
  const httpGet = optionalPart(holder, 'httpGet')
  if (httpGet !== undefined) fill(httpGet, { path: '/', scheme: 'HTTP' })
}

function fillProbe(container: JsonObject, name: string): void {
  const probe = optionalPart(container, name)
  if (probe === undefined) return
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  fillHttpGet(probe)
  const grpc = optionalPart(probe, 'grpc')
  if (grpc !== undefined) fill(grpc, { service: '' })
}

function fillContainer(container: JsonObject): void {
  fill(container, {
    imagePullPolicy: isLatest(container['image']) ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  })
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) fillProbe(container, probe)
  for (const hook of Object.values(optionalPart(container, 'lifecycle') ?? {})) fillHttpGet((hook ?? {}) as JsonObject)
  for (const variable of parts(container, 'env')) {
    const source = optionalPart(variable, 'valueFrom')
    const field = source && optionalPart(source, 'fieldRef')
    if (field !== undefined) fill(field, { apiVersion: 'v1' })
  }
}

function fillVolume(volume: JsonObject): void {
  if (Object.keys(volume).every((name) => name === 'name')) volume['emptyDir'] = {}
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const source = optionalPart(volume, kind)
    if (source !== undefined) fill(source, { defaultMode: FILE_MODE })
  }
  const hostPath = optionalPart(volume, 'hostPath')
  if (hostPath !== undefined) fill(hostPath, { type: '' })
  for (const source of parts(optionalPart(volume, 'projected') ?? {}, 'sources')) {
    const token = optionalPart(source, 'serviceAccountToken')
    if (token !== undefined) fill(token, { expirationSeconds: 3600 })
  }
}

function fillHostPorts(spec: JsonObject): void {
  const containers = ALL_CONTAINERS.flatMap((name) => parts(spec, name))
  for (const port of containers.flatMap((container) => parts(container, 'ports'))) {
    const containerPort = port['containerPort']
    if (containerPort !== undefined) fill(port, { hostPort: containerPort })
  }
}

/** A pod's spec, in a pod or in a template. */
export function fillPodSpec(spec: JsonObject): void {
  fill(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    securityContext: {},
  })
  const { terminationGracePeriodSeconds: grace } = spec
  if (typeof grace === 'number' && grace < 0) spec['terminationGracePeriodSeconds'] = 1
  if (typeof spec['serviceAccountName'] === 'string') spec['serviceAccount'] = spec['serviceAccountName']
  for (const name of ALL_CONTAINERS) parts(spec, name).forEach(fillContainer)
  parts(spec, 'volumes').forEach(fillVolume)
  if (spec['hostNetwork'] === true) fillHostPorts(spec)
}

/** Where a container has a limit and no request, the limit is the request; in pods only, not in templates. */
export function fillRequests(container: JsonObject): void {
  const resources = part(container, 'resources')
  const limits = optionalPart(resources, 'limits')
  if (limits !== undefined) fill(part(resources, 'requests'), limits)
}

export function fillPod(pod: JsonObject): void {
  const spec = part(pod, 'spec')
  fillPodSpec(spec)
  fill(spec, { enableServiceLinks: true })
  for (const name of ['initContainers', 'containers'] as const) parts(spec, name).forEach(fillRequests)
}

export function fillPodTemplate(template: JsonObject): void {
  fillPodSpec(part(template, 'spec'))
}
