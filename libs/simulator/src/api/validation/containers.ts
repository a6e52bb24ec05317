import type { Container, ContainerPort, EnvVar, Probe } from '@kubewise/kube'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabel } from './names.ts'
import { validateResources } from './resources.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const PROTOCOLS = ['TCP', 'UDP', 'SCTP']
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const
const NOT_NEGATIVE = 'must be greater than or equal to 0'

function duplicates<T>(values: readonly T[]): { index: number; value: T }[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [{ index, value }] : []))
}

function validatePort(errors: FieldErrors, port: ContainerPort, field: string): void {
  const { containerPort, hostPort, protocol = 'TCP' } = port
  if (containerPort === 0) errors.required(`${field}.containerPort`)
  else if (containerPort < 0 || containerPort > 65_535) {
    errors.invalid(`${field}.containerPort`, containerPort, 'must be between 1 and 65535, inclusive')
  }
  if (hostPort !== undefined && hostPort !== 0 && (hostPort < 1 || hostPort > 65_535)) {
    errors.invalid(`${field}.hostPort`, hostPort, 'must be between 1 and 65535, inclusive')
  }
  if (!PROTOCOLS.includes(protocol)) errors.notSupported(`${field}.protocol`, protocol, PROTOCOLS)
}

function validatePorts(errors: FieldErrors, ports: readonly ContainerPort[], field: string): void {
  ports.forEach((port, index) => validatePort(errors, port, `${field}[${index}]`))
  const names = ports.map((port) => port.name ?? '')
  for (const { index, value } of duplicates(names)) {
    if (value !== '') errors.duplicate(`${field}[${index}].name`, value)
  }
}

function validateVariable(errors: FieldErrors, variable: EnvVar, field: string): void {
  if (variable.name === '') errors.required(`${field}.name`)
  else if (variable.name.includes('=')) {
    const say = "a valid environment variable name must consist only of printable ASCII characters other than '='"
    errors.invalid(`${field}.name`, variable.name, say)
  }
  const { valueFrom } = variable
  if (valueFrom === undefined) return
  const sources = Object.keys(valueFrom).length
  if (variable.value !== undefined && variable.value !== '') {
    errors.invalid(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty')
  } else if (sources === 0) {
    errors.invalid(
      `${field}.valueFrom`,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef`, or `fileKeyRef`',
    )
  } else if (sources > 1) {
    errors.invalid(`${field}.valueFrom`, '', 'may not have more than one field specified at a time')
  }
}

function validateProbe(errors: FieldErrors, probe: Probe, field: string, isLiveness: boolean): void {
  const handlers = HANDLERS.filter((name) => probe[name] !== undefined)
  if (handlers.length === 0) errors.required(field, 'must specify a handler type')
  for (const name of handlers.slice(1)) errors.forbidden(`${field}.${name}`, 'may not specify more than 1 handler type')
  for (const name of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'] as const) {
    const value = probe[name]
    if (value !== undefined && value < 0) errors.invalid(`${field}.${name}`, value, NOT_NEGATIVE)
  }
  const { successThreshold = 1 } = probe
  if (isLiveness && successThreshold !== 1) errors.invalid(`${field}.successThreshold`, successThreshold, 'must be 1')
}

function validateMounts(errors: FieldErrors, container: Container, field: string, volumes: ReadonlySet<string>): void {
  const mounts = container.volumeMounts ?? []
  mounts.forEach((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`
    if (mount.name === '') errors.required(`${at}.name`)
    else if (!volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name)
    if (mount.mountPath === '') errors.required(`${at}.mountPath`)
  })
  for (const { index, value } of duplicates(mounts.map((mount) => mount.mountPath))) {
    errors.invalid(`${field}.volumeMounts[${index}].mountPath`, value, 'must be unique')
  }
}

function validateContainer(
  errors: FieldErrors,
  container: Container,
  field: string,
  volumes: ReadonlySet<string>,
): void {
  const { name, image, imagePullPolicy } = container
  const badName = name === '' ? undefined : dnsLabel(name)
  if (name === '') errors.required(`${field}.name`)
  if (badName !== undefined) errors.invalid(`${field}.name`, name, badName)
  if (image === undefined || image === '') errors.required(`${field}.image`)
  else if (image.trim() !== image)
    errors.invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')
  if (imagePullPolicy !== undefined && !PULL_POLICIES.includes(imagePullPolicy)) {
    errors.notSupported(`${field}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES)
  }
  validatePorts(errors, container.ports ?? [], `${field}.ports`)
  ;(container.env ?? []).forEach((variable, index) => validateVariable(errors, variable, `${field}.env[${index}]`))
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[kind]
    if (probe !== undefined) validateProbe(errors, probe, `${field}.${kind}`, kind !== 'readinessProbe')
  }
  validateMounts(errors, container, field, volumes)
  validateResources(errors, container.resources ?? {}, `${field}.resources`)
}

/** All containers of a pod: each alone, and that their names differ. */
export function validateContainers(
  errors: FieldErrors,
  groups: { field: string; containers: readonly Container[] }[],
  volumes: ReadonlySet<string>,
): void {
  const seen = new Set<string>()
  for (const { field, containers } of groups) {
    containers.forEach((container, index) => {
      validateContainer(errors, container, `${field}[${index}]`, volumes)
      if (seen.has(container.name)) errors.duplicate(`${field}[${index}].name`, container.name)
      if (container.name !== '') seen.add(container.name)
    })
  }
}
