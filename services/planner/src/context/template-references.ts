import type { Container, PodSpec, QuantityText, Volume } from '@kubewise/kube'
import { quantityToNumber } from '@kubewise/kube'
import { plainName } from './plain-name.ts'

/** All containers of a pod, those that come first included. */
export const containersOf = (spec: PodSpec | undefined): readonly Container[] => [
  ...(spec?.initContainers ?? []),
  ...(spec?.containers ?? []),
]

type Configuration = 'ConfigMap' | 'Secret'

const volumeReference = (volume: Volume, kind: Configuration) =>
  kind === 'ConfigMap' ? volume.configMap?.name : volume.secret?.secretName

function containerReferences(
  { env = [], envFrom = [] }: Container,
  kind: Configuration,
): { name: string; key: string }[] {
  const fromEnv = env.flatMap(({ valueFrom }) => {
    const ref = kind === 'ConfigMap' ? valueFrom?.configMapKeyRef : valueFrom?.secretKeyRef
    return ref ? [{ name: ref.name ?? '', key: ref.key }] : []
  })
  const whole = envFrom.flatMap((source) => {
    const ref = kind === 'ConfigMap' ? source.configMapRef : source.secretRef
    return ref ? [{ name: ref.name ?? '', key: '' }] : []
  })
  return [...fromEnv, ...whole]
}

/** The ConfigMaps or Secrets that a pod names, with the keys where it names some. */
export function configurationReferences(
  spec: PodSpec | undefined,
  kind: Configuration,
): readonly { name: string; key: string }[] {
  const mounted = (spec?.volumes ?? []).flatMap((volume) => {
    const name = volumeReference(volume, kind)
    return name === undefined ? [] : [{ name, key: '' }]
  })
  return [...containersOf(spec).flatMap((container) => containerReferences(container, kind)), ...mounted]
}

/** A quantity as a number; undefined for what is none. */
export function amountOf(quantity: QuantityText | undefined): number | undefined {
  if (quantity === undefined) return undefined
  try {
    return quantityToNumber(quantity)
  } catch {
    return undefined
  }
}

/** What a pod asks for of each resource: its containers together, or the largest init container where that is more. */
export function requestsOf(spec: PodSpec | undefined): Record<string, number> {
  const sums: Record<string, number> = {}
  const add = (requests: Record<string, QuantityText> = {}) => {
    for (const [name, quantity] of Object.entries(requests)) sums[name] = (sums[name] ?? 0) + (amountOf(quantity) ?? 0)
  }
  const init = spec?.initContainers ?? []
  for (const { resources } of spec?.containers ?? []) add(resources?.requests)
  for (const { resources } of init.filter(({ restartPolicy }) => restartPolicy === 'Always')) add(resources?.requests)
  for (const { resources } of init.filter(({ restartPolicy }) => restartPolicy !== 'Always'))
    for (const [name, quantity] of Object.entries(resources?.requests ?? {}))
      sums[name] = Math.max(sums[name] ?? 0, amountOf(quantity) ?? 0)
  return sums
}

/** The registry of an image: its first part where that is a host, else Docker Hub. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')
  return isHost ? plainName(first) : 'docker.io'
}
