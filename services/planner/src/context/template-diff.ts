import { hashOf } from '@kubewise/contracts'
import type { Container, PodSpec, PodTemplate } from '@kubewise/kube'
import { plainName } from './plain-name.ts'

/** One field that differs between two templates. Values only where they are harmless: images, resources, numbers of probes. */
export interface TemplateChange {
  /** image, command, env, resources, probes, volumes, scheduling, other. */
  area: string
  /** Such as `containers/app/image`. */
  path: string
  before?: string
  after?: string
}

const same = (a: unknown, b: unknown) => hashOf(a ?? null) === hashOf(b ?? null)

const plain = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 256) : ''

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})

/** The names on both sides whose values differ. */
function differing(before: Fields, after: Fields): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !same(before[key], after[key]))
}

/** An image's name holds no secret, unless somebody put credentials before the host. */
const harmlessImage = (image: string) =>
  image.includes('@') && !image.includes('@sha256:') ? 'unnamed' : plainName(image)

function shown(before: unknown, after: unknown): Pick<TemplateChange, 'before' | 'after'> {
  return { before: plain(before), after: plain(after) }
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
const PROBE_NUMBERS: ReadonlySet<string> = new Set([
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
  'terminationGracePeriodSeconds',
])

function probeChanges(path: string, before: Container, after: Container): TemplateChange[] {
  return PROBES.flatMap((probe) => {
    const [was, is] = [before[probe], after[probe]]
    if (same(was, is)) return []
    if (!was || !is)
      return [{ area: 'probes', path: `${path}/${probe}`, before: was ? 'set' : 'unset', after: is ? 'set' : 'unset' }]
    const [wasFields, isFields] = [fieldsOf(was), fieldsOf(is)]
    return differing(wasFields, isFields).map((field) => ({
      area: 'probes',
      path: `${path}/${probe}/${field}`,
      ...(PROBE_NUMBERS.has(field) && shown(wasFields[field], isFields[field])),
    }))
  })
}

function resourceChanges(path: string, before: Container, after: Container): TemplateChange[] {
  return (['requests', 'limits'] as const).flatMap((side) => {
    const [was, is] = [before.resources?.[side] ?? {}, after.resources?.[side] ?? {}]
    return differing(was, is).map((resource) => ({
      area: 'resources',
      path: `${path}/resources/${side}/${resource}`,
      ...shown(was[resource], is[resource]),
    }))
  })
}

/** Names of variables only: their values may be secrets. */
function envChanges(path: string, before: Container, after: Container): TemplateChange[] {
  const byName = ({ env = [] }: Container): Fields =>
    Object.fromEntries(env.map((variable) => [variable.name, variable]))
  const names = differing(byName(before), byName(after)).map((name) => ({
    area: 'env',
    path: `${path}/env/${plainName(name)}`,
  }))
  return same(before.envFrom, after.envFrom) ? names : [...names, { area: 'env', path: `${path}/envFrom` }]
}

const AREAS: Readonly<Record<string, string>> = { command: 'command', args: 'command', volumeMounts: 'volumes' }
const HANDLED: ReadonlySet<string> = new Set(['name', 'image', 'env', 'envFrom', 'resources', ...PROBES])

function containerChanges(path: string, before: Container, after: Container): TemplateChange[] {
  const image = same(before.image, after.image)
    ? []
    : [
        {
          area: 'image',
          path: `${path}/image`,
          ...shown(harmlessImage(before.image ?? ''), harmlessImage(after.image ?? '')),
        },
      ]
  const others = differing(fieldsOf(before), fieldsOf(after))
    .filter((field) => !HANDLED.has(field))
    .map((field) => ({ area: AREAS[field] ?? 'other', path: `${path}/${field}` }))
  return [
    ...image,
    ...envChanges(path, before, after),
    ...resourceChanges(path, before, after),
    ...probeChanges(path, before, after),
    ...others,
  ]
}

function listChanges(
  list: 'containers' | 'initContainers',
  before: PodSpec | undefined,
  after: PodSpec | undefined,
): TemplateChange[] {
  const byName = (spec: PodSpec | undefined) => new Map((spec?.[list] ?? []).map((each) => [each.name, each]))
  const [was, is] = [byName(before), byName(after)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name): TemplateChange[] => {
    const [old, now] = [was.get(name), is.get(name)]
    const path = `${list}/${name}`
    if (old && now) return containerChanges(path, old, now)
    return [{ area: 'other', path, before: old ? 'present' : 'absent', after: now ? 'present' : 'absent' }]
  })
}

const POD_AREAS: Readonly<Record<string, string>> = {
  volumes: 'volumes',
  nodeSelector: 'scheduling',
  affinity: 'scheduling',
  tolerations: 'scheduling',
  topologySpreadConstraints: 'scheduling',
  nodeName: 'scheduling',
  priorityClassName: 'scheduling',
  priority: 'scheduling',
  schedulerName: 'scheduling',
}

/** The names of volumes that differ; what they hold is not shown. */
function podChanges(before: PodSpec | undefined, after: PodSpec | undefined): TemplateChange[] {
  return differing(fieldsOf(before), fieldsOf(after))
    .filter((field) => field !== 'containers' && field !== 'initContainers')
    .map((field) => ({ area: POD_AREAS[field] ?? 'other', path: field }))
}

/** What one pod template changed against another, field by field. */
export function templateDiff(before: PodTemplate, after: PodTemplate): TemplateChange[] {
  const metadata = differing(fieldsOf(before.metadata), fieldsOf(after.metadata)).map((field) => ({
    area: 'other',
    path: `metadata/${field}`,
  }))
  return [
    ...listChanges('containers', before.spec, after.spec),
    ...listChanges('initContainers', before.spec, after.spec),
    ...podChanges(before.spec, after.spec),
    ...metadata,
  ]
}

/** Areas that changed, each once. */
export const changedAreas = (changes: readonly TemplateChange[]): string[] =>
  [...new Set(changes.map(({ area }) => area))].sort()
