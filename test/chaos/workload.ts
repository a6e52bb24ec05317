import type { Target } from '@kubewise/contracts'
import {
  RESOURCES,
  type Container,
  type Deployment,
  type Kube,
  type Pod,
  type PodTemplate,
  type StatefulSet,
} from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import { createNamespace } from '../cluster/arena.ts'

const podTemplate = (release: string, command: string[], more?: Partial<Container>): PodTemplate => ({
  metadata: { labels: { app: 'web' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'app',
        image: 'busybox:1',
        imagePullPolicy: 'IfNotPresent',
        command,
        env: [{ name: 'RELEASE', value: release }],
        resources: { limits: { memory: '64Mi' }, requests: { memory: '8Mi' } },
        ...more,
      },
    ],
  },
})

export const template = (release: string, more?: Partial<Container>): PodTemplate =>
  podTemplate(release, ['sleep', '86400'], more)

/** It ends at once; without a probe its pods would be ready for a moment, and the controller go on to the next. */
export const brokenTemplate = (release: string): PodTemplate =>
  podTemplate(release, ['false'], { readinessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 5 } })

type Kind = 'Deployment' | 'StatefulSet'

const workload = (kind: Kind, namespace: string, replicas: number, pods: PodTemplate): Deployment | StatefulSet => ({
  metadata: { name: 'web', namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: pods,
    ...(kind === 'StatefulSet' && { serviceName: 'web' }),
  },
})

export const podsIn = async (kube: Kube, namespace: string) =>
  (await kube.list<Pod>(RESOURCES.Pod, { namespace })).items

const within = { timeoutMs: 90_000, everyMs: 500 }

/** Waits for the controller; and where pods can run, for all of them and no other. @returns the workload's uid */
async function settled(kube: Kube, kind: Kind, namespace: string, ready?: number): Promise<string> {
  const isSettled = async () => {
    const object = await kube.get<Deployment | StatefulSet>(RESOURCES[kind], { namespace, name: 'web' })
    const { observedGeneration, readyReplicas = 0, replicas = 0 } = object?.status ?? {}
    const isSeen = observedGeneration === object?.metadata?.generation
    return isSeen && (ready === undefined || (readyReplicas === ready && replicas === ready)) && object?.metadata?.uid
  }
  return eventually(isSettled, { ...within, say: `the ${kind} in ${namespace} is settled` })
}

export interface Setting {
  kind: Kind
  before?: PodTemplate
  now: PodTemplate
  /** The present template cannot run. */
  isBroken?: boolean
  replicas?: number
}

export const REPLICAS = 2

/** Brings a workload into being; of a template before the present one only the revision is needed, and no pod. */
export async function prepare(
  kube: Kube,
  namespace: string,
  { kind, before, now, isBroken, replicas = REPLICAS }: Setting,
): Promise<Target & { uid: string }> {
  await createNamespace(kube, namespace, true)
  await kube.create(RESOURCES[kind], workload(kind, namespace, before ? 0 : replicas, before ?? now))
  if (before) {
    await settled(kube, kind, namespace)
    const body = { spec: { replicas, template: now } }
    await kube.patch(RESOURCES[kind], { namespace, name: 'web' }, { type: 'merge', body })
  }
  const uid = await settled(kube, kind, namespace, isBroken ? undefined : replicas)
  const hasCrashed = ({ status }: Pod) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0
  if (isBroken)
    await eventually(async () => (await podsIn(kube, namespace)).some(hasCrashed), {
      ...within,
      say: `pods in ${namespace} crash`,
    })
  return { cluster: namespace, kind, namespace, name: 'web', uid }
}
