import { creating, deleting, MERGE_PATCH, patching, type ConformanceRequest } from '../request.ts'
import { container, pod, service } from '../samples.ts'

const setUp = { isSetUp: true }

function inNamespace(suffix: string) {
  return `/api/v1/namespaces/{ns}-${suffix}`
}

function namespace(suffix: string, labels: object = {}): ConformanceRequest {
  return creating(`the namespace for ${suffix}`, '/api/v1/namespaces', {
    ...setUp,
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `{ns}-${suffix}`, labels } },
  })
}

/** Pods are refused until the namespace has its service account. */
function hasAccount(suffix: string) {
  return {
    path: `${inNamespace(suffix)}/serviceaccounts/default`,
    isTrue: (body: Record<string, unknown>) => body['kind'] === 'ServiceAccount',
  }
}

const asking = (resources: object) => ({ containers: [{ ...container, resources }] })
const free = { schedulerName: 'nobody' }

const QUOTA: readonly ConformanceRequest[] = [
  namespace('quota'),
  creating('a quota', `${inNamespace('quota')}/resourcequotas`, {
    body: {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { pods: '1', 'limits.memory': '1Gi' } },
    },
  }),
  creating('a pod that says nothing of what the quota counts', `${inNamespace('quota')}/pods`, {
    body: pod('silent', free),
    after: {
      path: `${inNamespace('quota')}/resourcequotas/q`,
      isTrue: (body) => (body['status'] as { hard?: object } | undefined)?.hard !== undefined,
    },
  }),
  creating('a pod within the quota', `${inNamespace('quota')}/pods`, {
    body: pod('within', { ...free, ...asking({ limits: { memory: '512Mi' } }) }),
    after: hasAccount('quota'),
  }),
  creating('a pod over the quota', `${inNamespace('quota')}/pods`, {
    body: pod('over', { ...free, ...asking({ limits: { memory: '768Mi' } }) }),
  }),
  creating('a pod over the quota, in dry run', `${inNamespace('quota')}/pods?dryRun=All`, {
    body: pod('over', { ...free, ...asking({ limits: { memory: '1Mi' } }) }),
  }),
]

const LIMITS: readonly ConformanceRequest[] = [
  namespace('limits'),
  creating('a LimitRange', `${inNamespace('limits')}/limitranges`, {
    body: {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'l' },
      spec: {
        limits: [
          {
            type: 'Container',
            max: { memory: '256Mi' },
            default: { memory: '128Mi' },
            defaultRequest: { memory: '64Mi' },
          },
        ],
      },
    },
  }),
  creating('a pod without limits in a namespace that has them', `${inNamespace('limits')}/pods`, {
    body: pod('filled', free),
    after: hasAccount('limits'),
  }),
  creating('a pod over the limits of the namespace', `${inNamespace('limits')}/pods`, {
    body: pod('over', { ...free, ...asking({ limits: { memory: '512Mi' } }) }),
  }),
]

const SECURITY: readonly ConformanceRequest[] = [
  namespace('restricted', { 'pod-security.kubernetes.io/enforce': 'restricted' }),
  creating('a pod that is not restricted', `${inNamespace('restricted')}/pods`, {
    body: pod('loose', free),
    after: hasAccount('restricted'),
  }),
  creating('a pod that is restricted', `${inNamespace('restricted')}/pods?dryRun=All`, {
    body: pod('tight', {
      ...free,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        { ...container, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
      ],
    }),
  }),
]

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'

const WEBHOOK: readonly ConformanceRequest[] = [
  namespace('webhook', { conformance: '{ns}' }),
  creating('a webhook that is not there', WEBHOOKS, {
    body: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: '{ns}' },
      webhooks: [
        {
          name: 'absent.example.io',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { service: { name: 'absent', namespace: '{ns}' } },
          namespaceSelector: { matchLabels: { conformance: '{ns}' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services'] }],
        },
      ],
    },
  }),
  creating('what the webhook would have to see', `${inNamespace('webhook')}/services`, {
    body: service('refused'),
    after: webhookIsOn(),
  }),
  patching('the webhook to be ignored', `${WEBHOOKS}/{ns}`, {
    ...setUp,
    contentType: 'application/json-patch+json',
    body: [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
  }),
  deleting('the webhook', `${WEBHOOKS}/{ns}`),
]

/** The server notices new webhooks a moment after it stored them; a dry run would do no harm, but needs a body. */
function webhookIsOn() {
  const startMs = performance.now()
  return { path: `${WEBHOOKS}/{ns}`, isTrue: () => performance.now() - startMs > 0 }
}

const TERMINATING: readonly ConformanceRequest[] = [
  namespace('leaving'),
  creating('something that holds the namespace', `${inNamespace('leaving')}/configmaps`, {
    ...setUp,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: ['example.io/hold'] } },
  }),
  deleting('a Namespace', inNamespace('leaving')),
  creating('an object in a namespace on its way out', `${inNamespace('leaving')}/configmaps`, {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } },
  }),
  patching('what holds the namespace', `${inNamespace('leaving')}/configmaps/held`, {
    ...setUp,
    contentType: MERGE_PATCH,
    body: { metadata: { finalizers: null } },
  }),
]

export const ADMISSION: readonly ConformanceRequest[] = [...QUOTA, ...LIMITS, ...SECURITY, ...WEBHOOK, ...TERMINATING]
