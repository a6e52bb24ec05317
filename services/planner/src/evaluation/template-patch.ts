import { isDeepStrictEqual } from 'node:util'
import type { Container, EnvVar, PodTemplate, Probe } from '@kubewise/kube'

/** A strategic merge patch of a pod template, and what it leaves out. */
export interface TemplatePatch {
  /** Undefined where nothing of it may be shown or differs. */
  patch: object | undefined
  /** Parts that differ and may hold secrets: said by name alone. */
  left: string[]
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
/** Parts that are text of the workload's own making. */
const UNSHOWN = ['command', 'args', 'envFrom', 'volumeMounts', 'ports', 'lifecycle', 'securityContext'] as const

/** Headers and commands of a probe may hold credentials, as may the query of its path. */
const isPlainProbe = ({ exec, httpGet }: Probe) =>
  exec === undefined && !('httpHeaders' in (httpGet ?? {})) && !(httpGet?.path ?? '').includes('?')

const differs = (a: unknown, b: unknown) => !isDeepStrictEqual(a ?? undefined, b ?? undefined)

/** Resources that are gone in the new form are deleted by null, as a strategic merge takes it. */
function resourcesPatch(before: Container['resources'] = {}, after: Container['resources'] = {}): object {
  const kinds = (['limits', 'requests'] as const).filter((kind) => differs(before[kind], after[kind]))
  const of = (kind: 'limits' | 'requests') => {
    const gone = Object.keys(before[kind] ?? {}).filter((name) => after[kind]?.[name] === undefined)
    return { ...Object.fromEntries(gone.map((name) => [name, null])), ...after[kind] }
  }
  return kinds.length === 0 ? {} : { resources: Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) }
}

/** A literal value may be a secret; where it comes from is none. */
function envEntry({ name, valueFrom }: EnvVar, from: string): object {
  const { configMapKeyRef, secretKeyRef } = valueFrom ?? {}
  const refOf = (ref: { name?: string; key: string }) => ({ name: ref.name, key: ref.key })
  if (configMapKeyRef) return { name, value: null, valueFrom: { configMapKeyRef: refOf(configMapKeyRef) } }
  if (secretKeyRef) return { name, value: null, valueFrom: { secretKeyRef: refOf(secretKeyRef) } }
  return { name, value: `«value of ${from}»` }
}

function envPatch(before: readonly EnvVar[] = [], after: readonly EnvVar[] = [], from: string): object {
  const changed = after.filter((each) =>
    differs(
      before.find(({ name }) => name === each.name),
      each,
    ),
  )
  const gone = before.filter(({ name }) => !after.some((each) => each.name === name))
  const env = [...changed.map((each) => envEntry(each, from)), ...gone.map(({ name }) => ({ name, $patch: 'delete' }))]
  return env.length === 0 ? {} : { env }
}

const fieldOf = (container: object, name: string): unknown => (container as Record<string, unknown>)[name]

interface Part {
  patch: object
  left: string[]
}

function containerPart(before: Container, after: Container, from: string): Part {
  const probes = PROBES.filter((name) => differs(before[name], after[name]))
  const plain = probes.filter((name) => after[name] === undefined || isPlainProbe(after[name]))
  const hidden = [
    ...probes.filter((name) => !plain.includes(name)),
    ...UNSHOWN.filter((name) => differs(fieldOf(before, name), fieldOf(after, name))),
  ]
  return {
    patch: {
      ...(before.image !== after.image && { image: after.image }),
      ...resourcesPatch(before.resources, after.resources),
      ...Object.fromEntries(plain.map((name) => [name, after[name] ?? null])),
      ...envPatch(before.env, after.env, from),
    },
    left: hidden.map((name) => `${name} of the container ${after.name} (take it from ${from})`),
  }
}

function listPart(
  key: 'containers' | 'initContainers',
  before: readonly Container[],
  after: readonly Container[],
  from: string,
): Part {
  const parts = after.map((container) => {
    const present = before.find(({ name }) => name === container.name)
    if (!present)
      return { name: container.name, patch: {}, left: [`the container ${container.name} (take it from ${from})`] }
    return { name: container.name, ...containerPart(present, container, from) }
  })
  const changed = parts
    .filter(({ patch }) => Object.keys(patch).length > 0)
    .map(({ name, patch }) => ({ name, ...patch }))
  const gone = before.filter(({ name }) => !after.some((each) => each.name === name))
  const entries = [...changed, ...gone.map(({ name }) => ({ name, $patch: 'delete' }))]
  return { patch: entries.length > 0 ? { [key]: entries } : {}, left: parts.flatMap(({ left }) => left) }
}

/**
 * What leads from one template to another, as far as it may be shown to anybody: images, limits, requests, probes, and the
 * names of environment variables.
 *
 * @param revision the one that `after` was taken from, for saying where the rest is found
 */
export function templatePatch(
  before: PodTemplate | undefined,
  after: PodTemplate,
  revision: number | undefined,
): TemplatePatch {
  const from = revision === undefined ? 'the plan' : `revision ${revision}`
  const [old, wanted] = [before?.spec, after.spec]
  if (!old || !wanted) return { patch: undefined, left: [] }
  const parts = [
    listPart('containers', old.containers, wanted.containers, from),
    listPart('initContainers', old.initContainers ?? [], wanted.initContainers ?? [], from),
  ]
  const spec = Object.assign({}, ...parts.map(({ patch }) => patch)) as object
  const others = [...new Set([...Object.keys(old), ...Object.keys(wanted)])].filter(
    (key) =>
      key !== 'containers' &&
      key !== 'initContainers' &&
      differs(old[key as keyof typeof old], wanted[key as keyof typeof wanted]),
  )
  const left = [
    ...parts.flatMap((part) => part.left),
    ...others.map((key) => `${key} of the pod (take it from ${from})`),
  ]
  return { patch: Object.keys(spec).length > 0 ? { spec } : undefined, left }
}
