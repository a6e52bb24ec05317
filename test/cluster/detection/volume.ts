import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RESOURCES, type Kube, type Pod } from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import { inNamespace } from '../arena.ts'
import { IDLE } from '../workloads.ts'

/** Of the claim; the volume has both as its name. */
export interface VolumeName {
  namespace: string
  name: string
}

/** The folder of a node's kubelet as the node knows it: beside the kubeconfig, where KUBELET_ROOT says, or where it usually is. */
function kubeletRoot(kubeconfigFile: string, node: string): string {
  const beside = join(dirname(kubeconfigFile), node, 'kubelet')
  return process.env['KUBELET_ROOT'] ?? (existsSync(beside) ? beside : '/var/lib/kubelet')
}

/**
 * A volume of a size of its own, on any cluster without a driver for storage: a pod holds memory as a file system, and a local volume is
 * made of its folder on the node.
 */
export async function createVolume(
  kube: Kube,
  { namespace, name }: VolumeName,
  { bytes, kubeconfigFile }: { bytes: number; kubeconfigFile: string },
): Promise<void> {
  const size = String(bytes)
  const holder = {
    metadata: { name: `${name}-holder`, namespace },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'app',
          image: 'busybox:1',
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/sh', '-c', `trap 'exit 0' TERM\n${IDLE}`],
          volumeMounts: [{ name: 'held', mountPath: '/held' }],
        },
      ],
      volumes: [{ name: 'held', emptyDir: { medium: 'Memory', sizeLimit: size } }],
    },
  }
  await kube.create(RESOURCES.Pod, holder)
  const pod = await eventually(
    async () => {
      const found = await kube.get<Pod>(RESOURCES.Pod, { namespace, name: `${name}-holder` })
      return found?.status?.phase === 'Running' && found
    },
    { timeoutMs: 60_000, say: 'the holder of the volume runs' },
  )
  const node = pod.spec?.nodeName ?? ''
  const path = `${kubeletRoot(kubeconfigFile, node)}/pods/${pod.metadata?.uid}/volumes/kubernetes.io~empty-dir/held`
  const storageClassName = `${namespace}-${name}`
  const isOnNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  const volume = {
    metadata: { name: storageClassName },
    spec: {
      capacity: { storage: size },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isOnNode] }] } },
    },
  }
  await kube.create(RESOURCES.PersistentVolume, volume)
  const claim = {
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      resources: { requests: { storage: size } },
    },
  }
  await kube.create(RESOURCES.PersistentVolumeClaim, inNamespace(claim, namespace))
}

/** Deletes the volume that `createVolume` has made; its claim goes with the namespace. */
export async function deleteVolume(kube: Kube, { namespace, name }: VolumeName): Promise<void> {
  const ref = { name: `${namespace}-${name}` }
  const uid = (await kube.get(RESOURCES.PersistentVolume, ref))?.metadata?.uid
  if (uid) await kube.delete(RESOURCES.PersistentVolume, ref, uid)
}
