import type {
  ConfigMap,
  HorizontalPodAutoscaler,
  KubernetesObject,
  PodDisruptionBudget,
  ResourceQuota,
  Service,
} from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import { configKey, dnsLabel } from './names.ts'
import { validateCountOrPercent } from './numbers.ts'
import { validateSelector } from './selectors.ts'
import { validateImmutable, type Validate } from './workloads.ts'

export const validateBudget: Validate<PodDisruptionBudget> = (errors, { spec = {} }) => {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')
  }
  validateCountOrPercent(errors, minAvailable, 'spec.minAvailable', 100)
  validateCountOrPercent(errors, maxUnavailable, 'spec.maxUnavailable', 100)
  validateSelector(errors, spec.selector ?? {}, 'spec.selector')
  const policies = ['AlwaysAllow', 'IfHealthyBudget']
  if (policy !== undefined && !policies.includes(policy))
    errors.notSupported('spec.unhealthyPodEvictionPolicy', policy, policies)
}

export const validateAutoscaler: Validate<HorizontalPodAutoscaler> = (errors, { spec = {} }) => {
  const { minReplicas, maxReplicas = 0, scaleTargetRef } = spec
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')
  }
  if (maxReplicas < 1) errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0')
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')
  }
  if (!scaleTargetRef?.kind) errors.required('spec.scaleTargetRef.kind')
  if (!scaleTargetRef?.name) errors.required('spec.scaleTargetRef.name')
}

export const validateService: Validate<Service> = (errors, { spec = {} }, before) => {
  const { ports = [], type = 'ClusterIP', clusterIP } = spec
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None') errors.required('spec.ports')
  ports.forEach(({ name = '', port, protocol = 'TCP' }, index) => {
    const field = `spec.ports[${index}]`
    if (port < 1 || port > 65_535) errors.invalid(`${field}.port`, port, 'must be between 1 and 65535, inclusive')
    if (!['TCP', 'UDP', 'SCTP'].includes(protocol))
      errors.notSupported(`${field}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
    if (name === '' && ports.length > 1) errors.required(`${field}.name`)
    const bad = name === '' ? undefined : dnsLabel(name)
    if (bad !== undefined) errors.invalid(`${field}.name`, name, bad)
  })
  const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
  if (!types.includes(type)) errors.notSupported('spec.type', type, types)
  const old = before?.spec?.clusterIP
  if (old !== undefined && old !== clusterIP && type !== 'ExternalName') {
    errors.invalid('spec.clusterIPs[0]', clusterIP === undefined ? [] : [clusterIP], 'may not change once set')
  }
}

export const validateConfigMap: Validate<ConfigMap & { binaryData?: object; immutable?: boolean }> = (
  errors,
  map,
  before,
) => {
  for (const key of Object.keys(map.data ?? {})) {
    const bad = configKey(key)
    if (bad !== undefined) errors.invalid(`data[${key}]`, key, bad)
  }
  if (before?.immutable !== true) return
  if (map.immutable !== true) errors.forbidden('immutable', 'field is immutable when `immutable` is set')
  if (!isSameJson(before.data, map.data)) errors.forbidden('data', 'field is immutable when `immutable` is set')
}

const QUOTA_RESOURCE = /^([a-z.-]+\/)?[a-z0-9][\w.-]*$/
const KNOWN_QUOTAS = new Set([
  'pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
  'requests.storage',
  'services',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'services.loadbalancers',
  'services.nodeports',
])

export const validateQuota: Validate<ResourceQuota> = (errors, { spec = {} }) => {
  for (const name of Object.keys(spec.hard ?? {})) {
    const isKnown = KNOWN_QUOTAS.has(name) || name.startsWith('count/') || name.includes('/')
    if (!QUOTA_RESOURCE.test(name) || !isKnown) {
      if (!name.includes('.')) {
        errors.invalid(`spec.hard[${name}]`, name, 'must be a standard resource type or fully qualified')
      }
      errors.invalid(`spec.hard[${name}]`, name, 'must be a standard resource for quota')
    }
  }
}

interface RoleBinding extends KubernetesObject {
  roleRef?: { apiGroup?: string; kind?: string; name?: string }
  subjects?: { kind?: string; name?: string; namespace?: string }[]
}

export const validateRoleBinding: Validate<RoleBinding> = (errors, binding, before) => {
  const kinds = ['Role', 'ClusterRole']
  const { kind = '', name = '' } = binding.roleRef ?? {}
  if (!kinds.includes(kind)) errors.notSupported('roleRef.kind', kind, kinds)
  if (name === '') errors.required('roleRef.name')
  ;(binding.subjects ?? []).forEach((subject, index) => {
    const field = `subjects[${index}]`
    if (!subject.name) errors.required(`${field}.name`)
    if (subject.kind === 'ServiceAccount' && !subject.namespace) errors.required(`${field}.namespace`)
    const subjectKinds = ['ServiceAccount', 'User', 'Group']
    if (!subjectKinds.includes(subject.kind ?? ''))
      errors.notSupported(`${field}.kind`, subject.kind ?? '', subjectKinds)
  })
  if (before !== undefined && !isSameJson(before.roleRef, binding.roleRef)) {
    errors.invalid('roleRef', binding.roleRef, 'cannot change roleRef')
  }
}

interface PriorityClass extends KubernetesObject {
  value?: number
}

export const validatePriorityClass: Validate<PriorityClass> = (errors, { value = 0 }, before) => {
  if (value > 1_000_000_000) errors.forbidden('value', 'maximum allowed value of a user defined priority is 1000000000')
  if (before !== undefined) validateImmutable(errors, before.value ?? 0, value, 'value')
}
