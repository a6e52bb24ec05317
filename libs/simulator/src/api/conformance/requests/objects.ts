import { creating, deleting, MERGE_PATCH, patching, reading, replacing, type ConformanceRequest } from '../request.ts'
import {
  autoscaler,
  budget,
  configMap,
  cronJob,
  daemonSet,
  deployment,
  job,
  pod,
  replicaSet,
  service,
  statefulSet,
} from '../samples.ts'

const MAPS = '/api/v1/namespaces/{ns}/configmaps'
const APPS = '/apis/apps/v1/namespaces/{ns}'

const CREATING: readonly ConformanceRequest[] = [
  creating('a ConfigMap', MAPS, {
    body: configMap('plain'),
    save: { mapUid: 'metadata.uid', mapVersion: 'metadata.resourceVersion' },
  }),
  creating('an object that exists', MAPS, { body: configMap('plain') }),
  creating('an object in dry run', `${MAPS}?dryRun=All`, { body: configMap('dry') }),
  reading('what was created in dry run', `${MAPS}/dry`),
  creating('an object that exists, in dry run', `${MAPS}?dryRun=All`, { body: configMap('plain') }),
  creating('an object with an unknown value of dryRun', `${MAPS}?dryRun=Some`, { body: configMap('dry') }),
  creating('an object with a field manager', `${MAPS}?fieldManager=tester`, { body: configMap('managed') }),
  creating('an object with a name to be generated', MAPS, {
    body: configMap('', { metadata: { generateName: 'generated-' } }),
  }),
  creating('an object without a name', MAPS, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } }),
  creating('an object with a bad name', MAPS, { body: configMap('Bad_Name') }),
  creating('an object with a bad label', MAPS, {
    body: configMap('bad', { metadata: { name: 'bad', labels: { a: 'b c' } } }),
  }),
  creating('an object with a bad key of a label', MAPS, {
    body: configMap('bad', { metadata: { name: 'bad', labels: { 'a b': 'c' } } }),
  }),
  creating('an object of another kind', MAPS, { body: pod('other') }),
  creating('an object of another version', MAPS, { body: { ...configMap('bad'), apiVersion: 'v2' } }),
  creating('an object without a kind', MAPS, { body: { metadata: { name: 'kindless' } } }),
  creating('an object of another namespace', MAPS, {
    body: configMap('away', { metadata: { name: 'away', namespace: 'default' } }),
  }),
  creating('an object in a namespace that does not exist', '/api/v1/namespaces/nowhere/configmaps', {
    body: configMap('lost'),
  }),
  creating('an object of a wrong type', MAPS, { body: configMap('typed', { data: { a: 1 } }) }),
  creating('an object with an unknown field', `${APPS}/deployments?dryRun=All`, {
    body: deployment('unknown', { nonsense: 1 }),
  }),
  creating('an object with an unknown field, strictly', `${APPS}/deployments?fieldValidation=Strict`, {
    body: deployment('strict', { nonsense: 1 }),
  }),
  creating('what is no JSON', MAPS, { body: '{"kind":' }),
  creating('what is of no content type that is known', MAPS, { body: 'a', contentType: 'text/plain' }),
  creating('a Namespace', '/api/v1/namespaces?dryRun=All', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dry-conformance' } },
  }),
]

const KINDS: readonly ConformanceRequest[] = [
  creating('a Deployment', `${APPS}/deployments`, { body: deployment('web') }),
  creating('a ReplicaSet', `${APPS}/replicasets`, { body: replicaSet('rs') }),
  creating('a StatefulSet', `${APPS}/statefulsets`, { body: statefulSet('db') }),
  creating('a DaemonSet', `${APPS}/daemonsets`, { body: daemonSet('agent') }),
  creating('a Job', '/apis/batch/v1/namespaces/{ns}/jobs', { body: job('work') }),
  creating('a CronJob', '/apis/batch/v1/namespaces/{ns}/cronjobs', { body: cronJob('nightly') }),
  creating('a Pod', '/api/v1/namespaces/{ns}/pods?dryRun=All', { body: pod('one') }),
  creating('a Pod with limits', '/api/v1/namespaces/{ns}/pods?dryRun=All', {
    body: pod('limited', {
      containers: [{ name: 'app', image: 'busybox:1', resources: { limits: { cpu: '1000m', memory: '1024Mi' } } }],
    }),
  }),
  creating('a Pod with probes, volumes and ports', '/api/v1/namespaces/{ns}/pods?dryRun=All', {
    body: pod('full', {
      volumes: [{ name: 'a' }, { name: 'b', configMap: { name: 'plain' } }, { name: 'c', hostPath: { path: '/tmp' } }],
      initContainers: [{ name: 'init', image: 'busybox' }],
      containers: [
        {
          name: 'app',
          image: 'busybox:1',
          ports: [{ containerPort: 80 }],
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          livenessProbe: { httpGet: { port: 80 } },
          readinessProbe: { exec: { command: ['true'] } },
          volumeMounts: [{ name: 'a', mountPath: '/a' }],
        },
      ],
    }),
  }),
  creating('a Service', '/api/v1/namespaces/{ns}/services', { body: service('web') }),
  creating('a Service without an address', '/api/v1/namespaces/{ns}/services', {
    body: service('headless', { clusterIP: 'None' }),
  }),
  creating('a PodDisruptionBudget', '/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets?dryRun=All', {
    body: budget('pdb', { minAvailable: 1, selector: { matchLabels: { app: 'none' } } }),
  }),
  creating('a HorizontalPodAutoscaler', '/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers?dryRun=All', {
    body: autoscaler('hpa'),
  }),
  creating('a Lease', '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases', {
    body: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'lock' },
      spec: { holderIdentity: 'a', renewTime: '2026-01-01T00:00:00.000000Z' },
    },
  }),
  creating('a PersistentVolumeClaim', '/api/v1/namespaces/{ns}/persistentvolumeclaims?dryRun=All', {
    body: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
    },
  }),
  creating('an Ingress', '/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses', {
    body: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'door' },
      spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
    },
  }),
  creating('a PriorityClass', '/apis/scheduling.k8s.io/v1/priorityclasses?dryRun=All', {
    body: {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'dry-conformance' },
      value: 7,
    },
  }),
  creating('an EndpointSlice', '/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices', {
    body: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'slice' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'] }],
      ports: [{ port: 80 }],
    },
  }),
  creating('a ServiceAccount', '/api/v1/namespaces/{ns}/serviceaccounts', {
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
  }),
  creating('a ControllerRevision', `${APPS}/controllerrevisions`, {
    body: {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: 'rev-1' },
      revision: 1,
      data: { spec: { template: {} } },
    },
  }),
]

const READING: readonly ConformanceRequest[] = [
  reading('an object', `${MAPS}/plain`),
  reading('an object that does not exist', `${MAPS}/absent`),
  reading('a Deployment that does not exist', `${APPS}/deployments/absent`),
  reading('an object of a namespace that does not exist', '/api/v1/namespaces/nowhere/configmaps/plain'),
  reading('a Namespace', '/api/v1/namespaces/{ns}'),
  reading('a list of a namespace that does not exist', '/api/v1/namespaces/nowhere/configmaps'),
]

const REPLACING: readonly ConformanceRequest[] = [
  replacing('an object', `${MAPS}/plain`, { body: configMap('plain', { data: { a: '2' } }) }),
  replacing('an object by an older version', `${MAPS}/plain`, {
    body: configMap('plain', { metadata: { name: 'plain', resourceVersion: '{mapVersion}' } }),
  }),
  replacing('an object by another uid', `${MAPS}/plain`, {
    body: configMap('plain', { metadata: { name: 'plain', uid: '00000000-0000-4000-8000-000000000000' } }),
  }),
  replacing('an object by its own uid', `${MAPS}/plain`, {
    body: configMap('plain', { metadata: { name: 'plain', uid: '{mapUid}' } }),
  }),
  replacing('an object that does not exist', `${MAPS}/absent`, { body: configMap('absent') }),
  replacing('an object under another name', `${MAPS}/plain`, { body: configMap('other') }),
  replacing('an object with nothing changed', `${MAPS}/plain`, { body: configMap('plain') }),
  replacing('an object in dry run', `${MAPS}/plain?dryRun=All`, { body: configMap('plain', { data: { a: 'dry' } }) }),
  reading('what was replaced in dry run', `${MAPS}/plain`),
  replacing(
    'a Lease without saying which version was read',
    '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/lock',
    {
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'lock' },
        spec: { holderIdentity: 'b' },
      },
    },
  ),
  replacing('an Endpoints that does not exist', '/api/v1/namespaces/{ns}/endpoints/made', {
    body: { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'made' }, subsets: [] },
  }),
  replacing('a resource version that is no number', `${MAPS}/plain`, {
    body: configMap('plain', { metadata: { name: 'plain', resourceVersion: 'x' } }),
  }),
  patching('a status through the main door', `${APPS}/deployments/web`, {
    contentType: MERGE_PATCH,
    body: { status: { replicas: 9 } },
  }),
  patching('a spec through the door of the status', `${APPS}/deployments/web/status`, {
    contentType: MERGE_PATCH,
    body: { spec: { replicas: 9 } },
  }),
  patching('a status through its own door', '/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/door/status', {
    contentType: MERGE_PATCH,
    body: { status: { loadBalancer: { ingress: [{ ip: '10.1.2.3' }] } } },
  }),
  reading('a status by its own door', '/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/door/status'),
]

const EVENTS: readonly ConformanceRequest[] = [
  creating('an Event', '/api/v1/namespaces/{ns}/events', {
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'happened' },
      involvedObject: { kind: 'Pod', namespace: '{ns}', name: 'one', apiVersion: 'v1' },
      reason: 'Happened',
      message: 'Something happened',
      type: 'Warning',
      source: { component: 'tester' },
      count: 2,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:05Z',
    },
  }),
  reading('a core Event through events.k8s.io', '/apis/events.k8s.io/v1/namespaces/{ns}/events/happened'),
  creating('an Event of events.k8s.io', '/apis/events.k8s.io/v1/namespaces/{ns}/events', {
    body: {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'noted' },
      regarding: { kind: 'Pod', namespace: '{ns}', name: 'one', apiVersion: 'v1' },
      reason: 'Noted',
      note: 'Something was noted',
      type: 'Normal',
      action: 'Noting',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'kubewise.io/tester',
      reportingInstance: 'tester-1',
    },
  }),
  reading('an Event of events.k8s.io through the core group', '/api/v1/namespaces/{ns}/events/noted'),
  reading(
    'Events of an object',
    '/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.name=one,reason=Happened',
  ),
  reading(
    'Events of events.k8s.io of an object',
    '/apis/events.k8s.io/v1/namespaces/{ns}/events?fieldSelector=regarding.name=one,type=Normal',
  ),
]

const DELETING: readonly ConformanceRequest[] = [
  deleting('an object that does not exist', `${MAPS}/absent`),
  deleting('an object in dry run', `${MAPS}/plain?dryRun=All`),
  deleting('an object by another uid', `${MAPS}/plain`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: '00000000-0000-4000-8000-000000000000' } },
  }),
  deleting('an object by an older version', `${MAPS}/plain`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion: '{mapVersion}' } },
  }),
  deleting('an object with an unknown policy', `${MAPS}/plain?propagationPolicy=Some`),
  deleting('an object by its own uid', `${MAPS}/plain`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: '{mapUid}' } },
  }),
  creating('an object with a finalizer', MAPS, {
    body: configMap('held', { metadata: { name: 'held', finalizers: ['example.io/hold'] } }),
  }),
  deleting('an object with a finalizer', `${MAPS}/held`),
  patching('a finalizer away', `${MAPS}/held`, { contentType: MERGE_PATCH, body: { metadata: { finalizers: null } } }),
  reading('an object whose last finalizer is gone', `${MAPS}/held`),
  deleting('a Deployment', `${APPS}/deployments/web`),
  deleting('a Service', '/api/v1/namespaces/{ns}/services/web'),
  deleting('a Namespace that must stay', '/api/v1/namespaces/default'),
]

export const OBJECTS: readonly ConformanceRequest[] = [
  ...CREATING,
  ...KINDS,
  ...READING,
  ...REPLACING,
  ...EVENTS,
  ...DELETING,
]
