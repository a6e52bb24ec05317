import type { Container, Pod, PodSpec } from '@kubewise/kube'
import { isSameJson } from '../../objects/json.ts'
import { qosClassOf } from '../pod-qos.ts'
import type { FieldErrors } from './field-errors.ts'
import { validatePodSpec } from './pod-spec.ts'
import type { Validate } from './workloads.ts'

const CHANGEABLE =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

const EMPTY_SPEC: PodSpec = { containers: [] }

function withoutImages(containers: readonly Container[] | undefined): unknown {
  return (containers ?? []).map((container) => ({ ...container, image: undefined }))
}

/** The part of a spec that stays as it was. `schedulingGates` may only be lifted, tolerations only be added. */
function fixedPart(spec: PodSpec & { schedulingGates?: unknown }): unknown {
  const { containers, initContainers, activeDeadlineSeconds: _, tolerations: __, schedulingGates: ___, ...rest } = spec
  return { ...rest, containers: withoutImages(containers), initContainers: withoutImages(initContainers) }
}

function validateTolerationsKept(errors: FieldErrors, before: PodSpec, after: PodSpec): void {
  const kept = after.tolerations ?? []
  const isKept = (before.tolerations ?? []).every((old) => kept.some((toleration) => isSameJson(old, toleration)))
  if (!isKept)
    errors.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')
}

function validateContainerCount(errors: FieldErrors, before: PodSpec, after: PodSpec): boolean {
  const names = ['containers', 'initContainers'] as const
  const changed = names.filter((name) => (before[name] ?? []).length !== (after[name] ?? []).length)
  for (const name of changed) errors.forbidden(`spec.${name}`, `pod updates may not add or remove containers`)
  return changed.length === 0
}

export const validatePod: Validate<Pod> = (errors, { spec = EMPTY_SPEC }, before) => {
  validatePodSpec(errors, spec, 'spec')
  if (before === undefined) return
  const old = before.spec ?? EMPTY_SPEC
  if (!validateContainerCount(errors, old, spec)) return
  validateTolerationsKept(errors, old, spec)
  if (!isSameJson(fixedPart(old), fixedPart(spec))) {
    errors.forbidden('spec', `pod updates may not change fields other than ${CHANGEABLE}`)
  }
}

const RESIZABLE = new Set(['cpu', 'memory'])

function withoutResizable(container: Container): unknown {
  const fixed = (amounts: Record<string, unknown> | undefined) =>
    Object.entries(amounts ?? {}).filter(([name]) => !RESIZABLE.has(name))
  const { limits, requests, ...resources } = container.resources ?? {}
  return {
    ...container,
    resizePolicy: undefined,
    resources: { ...resources, limits: fixed(limits), requests: fixed(requests) },
  }
}

function validateNothingRemoved(errors: FieldErrors, before: Container, after: Container, field: string): void {
  for (const kind of ['requests', 'limits'] as const) {
    const left = Object.keys(after.resources?.[kind] ?? {})
    const isRemoved = Object.keys(before.resources?.[kind] ?? {}).some((name) => !left.includes(name))
    if (isRemoved) errors.forbidden(`${field}.resources.${kind}`, `resource ${kind} cannot be removed`)
  }
}

/** A change through `pods/resize`: amounts of CPU and memory, in the same class of service. */
export const validatePodResize: Validate<Pod> = (errors, after, before = {}) => {
  const oldSpec = before.spec ?? EMPTY_SPEC
  const newSpec = after.spec ?? EMPTY_SPEC
  validatePodSpec(errors, newSpec, 'spec')
  const qosClass = before.status?.qosClass ?? qosClassOf(oldSpec)
  if (qosClass !== qosClassOf(newSpec)) {
    errors.invalid('spec', qosClass, 'Pod QOS Class may not change as a result of resizing')
  }
  if (oldSpec.containers.length !== newSpec.containers.length) {
    errors.forbidden('spec.containers', 'containers may not be added or removed on resize')
    return
  }
  const fixed = (spec: PodSpec) => ({ ...spec, containers: spec.containers.map(withoutResizable) })
  oldSpec.containers.forEach((container, index) => {
    const changed = newSpec.containers[index]
    if (changed !== undefined) validateNothingRemoved(errors, container, changed, `spec.containers[${index}]`)
  })
  if (!isSameJson(fixed(oldSpec), fixed(newSpec))) errors.forbidden('spec', 'only cpu and memory resources are mutable')
}
