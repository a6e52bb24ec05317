import { creating, MERGE_PATCH, patching, type ConformanceRequest } from '../request.ts'
import {
  autoscaler,
  budget,
  configMap,
  container,
  cronJob,
  daemonSet,
  deployment,
  job,
  pod,
  podTemplate,
  service,
  statefulSet,
} from '../samples.ts'

const APPS = '/apis/apps/v1/namespaces/{ns}'
const PODS = '/api/v1/namespaces/{ns}/pods?dryRun=All'
const BUDGETS = '/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets?dryRun=All'
const SCALERS = '/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers?dryRun=All'

const withContainer = (change: object) => pod('bad', { containers: [{ ...container, ...change }] })
const refusedPod = (say: string, body: object) => creating(say, PODS, { body })
const refusedWork = (say: string, spec: object) =>
  creating(say, `${APPS}/deployments?dryRun=All`, { body: deployment('bad', spec) })

const POD_RULES: readonly ConformanceRequest[] = [
  refusedPod('a Pod without containers', pod('bad', { containers: [] })),
  refusedPod('a Pod whose containers are missing', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bad' },
    spec: {},
  }),
  refusedPod('a container without a name', withContainer({ name: '' })),
  refusedPod('a container with a bad name', withContainer({ name: 'Bad Name' })),
  refusedPod('a container without an image', withContainer({ image: '' })),
  refusedPod('two containers of one name', pod('bad', { containers: [container, container] })),
  refusedPod('an unknown policy for images', withContainer({ imagePullPolicy: 'Sometimes' })),
  refusedPod('an unknown policy for restarts', pod('bad', { restartPolicy: 'Sometimes' })),
  refusedPod('a port out of range', withContainer({ ports: [{ containerPort: 70_000 }] })),
  refusedPod(
    'two ports of one name',
    withContainer({
      ports: [
        { containerPort: 80, name: 'a' },
        { containerPort: 81, name: 'a' },
      ],
    }),
  ),
  refusedPod('a mount without its volume', withContainer({ volumeMounts: [{ name: 'absent', mountPath: '/a' }] })),
  refusedPod(
    'two volumes of one name',
    pod('bad', {
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
      ],
    }),
  ),
  refusedPod(
    'more requested than the limit',
    withContainer({ resources: { limits: { memory: '1Mi' }, requests: { memory: '2Mi' } } }),
  ),
  refusedPod('a negative amount', withContainer({ resources: { limits: { memory: '-1Mi' } } })),
  refusedPod('an unknown resource', withContainer({ resources: { limits: { stuff: '1' } } })),
  refusedPod('an unknown quantity', withContainer({ resources: { limits: { memory: 'much' } } })),
  refusedPod('a probe of no kind', withContainer({ livenessProbe: { periodSeconds: 1 } })),
  refusedPod(
    'a variable with a value and a source',
    withContainer({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
  ),
  refusedPod('a negative grace period', pod('bad', { terminationGracePeriodSeconds: -1 })),
  refusedPod('an unknown service account', pod('bad', { serviceAccountName: 'absent' })),
  refusedPod('an unknown priority class', pod('bad', { priorityClassName: 'absent' })),
]

const WORKLOAD_RULES: readonly ConformanceRequest[] = [
  refusedWork('a negative number of replicas', { replicas: -1 }),
  refusedWork('a Deployment without a selector', { selector: null }),
  refusedWork('a Deployment with an empty selector', { selector: {} }),
  refusedWork('a Deployment whose selector misses its template', { selector: { matchLabels: { app: 'other' } } }),
  refusedWork('a Deployment whose pods may end', { template: podTemplate('bad', { restartPolicy: 'Never' }) }),
  refusedWork('a Deployment that may neither surge nor miss pods', {
    strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
  }),
  refusedWork('a percentage that is none', { strategy: { rollingUpdate: { maxSurge: 'x%' } } }),
  refusedWork('a deadline shorter than what is ready', { minReadySeconds: 60, progressDeadlineSeconds: 30 }),
  refusedWork('an unknown strategy', { strategy: { type: 'Magic' } }),
  creating('a StatefulSet that is managed in an unknown way', `${APPS}/statefulsets?dryRun=All`, {
    body: statefulSet('bad', { podManagementPolicy: 'Magic' }),
  }),
  patching('a field of a StatefulSet that may not change', `${APPS}/statefulsets/db`, {
    contentType: MERGE_PATCH,
    body: { spec: { serviceName: 'other' } },
  }),
  creating('a DaemonSet that may miss nothing', `${APPS}/daemonsets?dryRun=All`, {
    body: daemonSet('bad', { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }),
  }),
  patching('the selector of a DaemonSet', `${APPS}/daemonsets/agent`, {
    contentType: MERGE_PATCH,
    body: { spec: { selector: { matchLabels: { app: 'other' } } } },
  }),
  creating('a Job whose pods never end', '/apis/batch/v1/namespaces/{ns}/jobs?dryRun=All', {
    body: job('bad', { template: { spec: { containers: [container] } } }),
  }),
  creating('a negative parallelism', '/apis/batch/v1/namespaces/{ns}/jobs?dryRun=All', {
    body: job('bad', { parallelism: -1 }),
  }),
  creating('a CronJob without a schedule', '/apis/batch/v1/namespaces/{ns}/cronjobs?dryRun=All', {
    body: cronJob('bad', { schedule: '' }),
  }),
  creating('a CronJob with a bad schedule', '/apis/batch/v1/namespaces/{ns}/cronjobs?dryRun=All', {
    body: cronJob('bad', { schedule: '* * *' }),
  }),
]

const OTHER_RULES: readonly ConformanceRequest[] = [
  creating('a budget that says two things', BUDGETS, {
    body: budget('bad', { minAvailable: 1, maxUnavailable: 1, selector: { matchLabels: { a: 'b' } } }),
  }),
  creating('a budget of more than all', BUDGETS, {
    body: budget('bad', { minAvailable: '101%', selector: { matchLabels: { a: 'b' } } }),
  }),
  creating('an autoscaler whose minimum is above its maximum', SCALERS, {
    body: autoscaler('bad', { minReplicas: 5, maxReplicas: 3 }),
  }),
  creating('an autoscaler without a maximum', SCALERS, { body: autoscaler('bad', { maxReplicas: 0 }) }),
  creating('a Service without ports', '/api/v1/namespaces/{ns}/services?dryRun=All', {
    body: service('bad', { ports: [] }),
  }),
  creating('a Service with a bad name', '/api/v1/namespaces/{ns}/services?dryRun=All', { body: service('1bad') }),
  creating('a ConfigMap with a bad key', '/api/v1/namespaces/{ns}/configmaps?dryRun=All', {
    body: configMap('bad', { data: { 'a b': '1' } }),
  }),
  creating('a quota of nothing that is known', '/api/v1/namespaces/{ns}/resourcequotas?dryRun=All', {
    body: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'bad' }, spec: { hard: { nonsense: '1' } } },
  }),
  creating('a binding to no role', '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings?dryRun=All', {
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'bad' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Nothing', name: 'x' },
    },
  }),
]

export const VALIDATION: readonly ConformanceRequest[] = [...POD_RULES, ...WORKLOAD_RULES, ...OTHER_RULES]
