import type { Refusal } from '@kubewise/contracts'
import { RESOURCES, type PersistentVolume, type PersistentVolumeClaim, type Pod, type Volume } from '@kubewise/kube'
import type { ReadKube } from './work.ts'

const refusal = ({ metadata }: Pod, what: string): Refusal => ({
  code: 'local-data',
  say: `The pod ${metadata?.namespace}/${metadata?.name} keeps data on the node (${what}); it would be lost or left behind.`,
})

/** Does a claim's volume lie on one node? What cannot be read may. @throws KubeError */
async function isLocal(kube: ReadKube, namespace: string, claimName: string): Promise<boolean> {
  const claim = await kube.get<PersistentVolumeClaim>(RESOURCES.PersistentVolumeClaim, { namespace, name: claimName })
  const name = claim?.spec?.volumeName
  if (name === undefined) return false
  const volume = await kube.get<PersistentVolume>(RESOURCES.PersistentVolume, { name })
  return volume?.spec?.local !== undefined || volume?.spec?.hostPath !== undefined
}

async function flawOf(kube: ReadKube, pod: Pod, volume: Volume, mayDeleteEmptyDirs: boolean) {
  const { name, hostPath, emptyDir, persistentVolumeClaim } = volume
  if (hostPath) return refusal(pod, `the folder ${hostPath.path}`)
  if (emptyDir && !mayDeleteEmptyDirs) return refusal(pod, `the emptyDir ${name}, which nobody gave up`)
  const isClaimLocal =
    persistentVolumeClaim && (await isLocal(kube, pod.metadata?.namespace ?? '', persistentVolumeClaim.claimName))
  return isClaimLocal ? refusal(pod, `the volume of ${persistentVolumeClaim.claimName}`) : undefined
}

/** Why a pod must stay on its node: data that would not go with it. @throws KubeError */
export async function localDataRefusal(
  kube: ReadKube,
  pod: Pod,
  { mayDeleteEmptyDirs }: { mayDeleteEmptyDirs: boolean },
): Promise<Refusal | undefined> {
  for (const volume of pod.spec?.volumes ?? []) {
    const flaw = await flawOf(kube, pod, volume, mayDeleteEmptyDirs)
    if (flaw) return flaw
  }
  return undefined
}
