import { RESOURCES, type ConfigMap, type Container, type Pod } from '@kubewise/kube'
import type { ObjectStore } from '../../port.ts'

/** What a container's environment asks of a ConfigMap that is not there. Secrets are not simulated and taken to exist. */
export function missingConfig(objects: ObjectStore, namespace: string, container: Container): string | undefined {
  const find = (name: string | undefined) => objects.get<ConfigMap>(RESOURCES.ConfigMap, namespace, name ?? '')
  for (const { configMapRef } of container.envFrom ?? [])
    if (configMapRef && !configMapRef.optional && !find(configMapRef.name))
      return `configmap "${configMapRef.name}" not found`
  for (const { valueFrom } of container.env ?? []) {
    const reference = valueFrom?.configMapKeyRef
    if (!reference || reference.optional) continue
    const found = find(reference.name)
    if (!found) return `configmap "${reference.name}" not found`
    if (found.data?.[reference.key] === undefined)
      return `couldn't find key ${reference.key} in ConfigMap ${namespace}/${reference.name}`
  }
  return undefined
}

/** A volume that cannot be mounted, as the kubelet words it. */
export function missingVolume(objects: ObjectStore, pod: Pod): string | undefined {
  for (const { name, configMap, persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    if (
      configMap &&
      !configMap.optional &&
      !objects.get(RESOURCES.ConfigMap, pod.metadata?.namespace, configMap.name ?? '')
    )
      return `MountVolume.SetUp failed for volume "${name}" : configmap "${configMap.name}" not found`
    const claim = persistentVolumeClaim?.claimName
    if (claim && !objects.get(RESOURCES.PersistentVolumeClaim, pod.metadata?.namespace, claim))
      return `MountVolume.SetUp failed for volume "${name}" : persistentvolumeclaim "${claim}" not found`
  }
  return undefined
}

/** The values of a container's environment as far as they can be known: literals and ConfigMaps. */
export function environmentOf(objects: ObjectStore, namespace: string, container: Container): Record<string, string> {
  const data = (name: string | undefined) =>
    objects.get<ConfigMap>(RESOURCES.ConfigMap, namespace, name ?? '')?.data ?? {}
  const environment: Record<string, string> = {}
  for (const { configMapRef, prefix = '' } of container.envFrom ?? [])
    for (const [key, value] of Object.entries(data(configMapRef?.name))) environment[`${prefix}${key}`] = value
  for (const { name, value, valueFrom } of container.env ?? []) {
    const reference = valueFrom?.configMapKeyRef
    environment[name] = reference ? (data(reference.name)[reference.key] ?? '') : (value ?? '')
  }
  return environment
}
