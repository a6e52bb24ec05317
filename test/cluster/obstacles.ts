import { RESOURCES, type Kube, type KubernetesObject, type PodDisruptionBudget, type Resource } from '@kubewise/kube'
import { eventually } from '@kubewise/testkit'
import { IDLE, workload } from './workloads.ts'

/** What stands in the way of a plan on a real cluster, and the code by which the planner has to say so. */
export interface Obstacle {
  name: string
  code: string
  /** The check that has to say it; `harm` where a rule refuses what would be done before anything is asked. */
  check: string
  workload: { resource: Resource; object: KubernetesObject }
  /** Whether its pods become ready; one whose image is missing has none. */
  isBornWell: boolean
  /** How the plan would act. Evicting is what the built-in playbook for a runaway replica does; the rest is a playbook of the test. */
  step: { action: 'evict-pod@1' } | { action: string; with: Record<string, string | number> }
  putUp(kube: Kube, namespace: string): Promise<void>
}

const nothing = async () => undefined
const pods = (name: string, replicas: number, changes: object = {}) => {
  const { resource, object } = workload({ name, replicas, script: IDLE, limits: { memory: '32Mi' } })
  return { resource, object: { ...object, metadata: { ...object.metadata, ...changes } } }
}
const create = async (kube: Kube, resource: Resource, namespace: string, object: object) =>
  void (await kube.create(resource, { metadata: { name: 'obstacle', namespace }, ...object }))

function missingImage() {
  const { resource, object } = workload({ name: 'image', replicas: 2, script: IDLE })
  const { spec } = object as {
    spec: { template: { spec: { containers: { image: string; imagePullPolicy?: string }[] } } }
  }
  for (const container of spec.template.spec.containers) {
    container.image = 'busybox:gone'
    // So that it does not matter which registry can be reached from here.
    container.imagePullPolicy = 'Never'
  }
  return { resource, object }
}

/** Everything that its webhook must agree to, in one namespace alone. */
const deadWebhook = (namespace: string) => ({
  metadata: { name: namespace },
  webhooks: [
    {
      name: 'dead.kubewise.test',
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      clientConfig: { service: { name: 'nobody', namespace } },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
})

async function putUpBudget(kube: Kube, namespace: string): Promise<void> {
  const spec = { minAvailable: 3, selector: { matchLabels: { app: 'budget' } } }
  await create(kube, RESOURCES.PodDisruptionBudget, namespace, { spec })
  const isCounted = async () => {
    const found = await kube.get<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, { namespace, name: 'obstacle' })
    return found?.status?.currentHealthy === 3
  }
  await eventually(isCounted, { timeoutMs: 30_000, say: 'the disruption budget is counted' })
}

async function putUpQuota(kube: Kube, namespace: string): Promise<void> {
  await create(kube, RESOURCES.ResourceQuota, namespace, { spec: { hard: { pods: '1' } } })
  const isCounted = async () => {
    const found = await kube.get<KubernetesObject & { status?: { used?: Record<string, string> } }>(
      RESOURCES.ResourceQuota,
      { namespace, name: 'obstacle' },
    )
    return found?.status?.used?.['pods'] === '3'
  }
  await eventually(isCounted, { timeoutMs: 30_000, say: 'the quota is counted' })
}

const label = (labels: Record<string, string>) => async (kube: Kube, namespace: string) =>
  void (await kube.patch(RESOURCES.Namespace, { name: namespace }, { type: 'merge', body: { metadata: { labels } } }))

export const OBSTACLES: readonly Obstacle[] = [
  {
    name: 'quota',
    code: 'quota-exceeded',
    check: 'quota',
    workload: pods('quota', 3),
    isBornWell: true,
    step: { action: 'evict-pod@1' },
    putUp: putUpQuota,
  },
  {
    name: 'security',
    code: 'pod-security',
    check: 'admission',
    workload: pods('security', 3),
    isBornWell: true,
    step: { action: 'evict-pod@1' },
    putUp: label({ 'pod-security.kubernetes.io/enforce': 'restricted' }),
  },
  {
    name: 'webhook',
    code: 'webhook-down',
    check: 'admission',
    workload: pods('webhook', 3),
    isBornWell: true,
    step: { action: 'evict-pod@1' },
    putUp: async (kube, namespace) =>
      void (await kube.create(RESOURCES.ValidatingWebhookConfiguration, deadWebhook(namespace))),
  },
  {
    name: 'image',
    code: 'image-unavailable',
    check: 'harm',
    workload: missingImage(),
    isBornWell: false,
    step: { action: 'restart@1', with: {} },
    putUp: nothing,
  },
  {
    name: 'budget',
    code: 'pdb-exhausted',
    check: 'availability',
    workload: pods('budget', 3),
    isBornWell: true,
    step: { action: 'evict-pod@1' },
    putUp: putUpBudget,
  },
  {
    name: 'autoscaler',
    code: 'autoscaler-owned',
    check: 'availability',
    workload: pods('autoscaler', 1),
    isBornWell: true,
    step: { action: 'scale@1', with: { replicas: 2 } },
    putUp: (kube, namespace) =>
      create(kube, RESOURCES.HorizontalPodAutoscaler, namespace, {
        spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'autoscaler' }, maxReplicas: 3 },
      }),
  },
  {
    name: 'argo',
    code: 'owned-elsewhere',
    check: 'ownership',
    workload: pods('argo', 1, { labels: { 'argocd.argoproj.io/instance': 'shop' } }),
    isBornWell: true,
    step: { action: 'set-resources@1', with: { container: 'app', memoryLimit: '48Mi' } },
    putUp: nothing,
  },
  {
    name: 'rights',
    code: 'permission-missing',
    check: 'permission',
    workload: workload({ name: 'rights', kind: 'StatefulSet', script: IDLE }),
    isBornWell: true,
    step: { action: 'restart@1', with: {} },
    putUp: nothing,
  },
]
