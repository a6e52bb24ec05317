import {
  creating,
  deleting,
  JSON_PATCH,
  MERGE_PATCH,
  patching,
  reading,
  replacing,
  STRATEGIC_PATCH,
  type ConformanceRequest,
} from '../request.ts'
import { budget, container, deployment, job, pod } from '../samples.ts'

const WORK = '/apis/apps/v1/namespaces/{ns}/deployments'
const PODS = '/api/v1/namespaces/{ns}/pods'
const BUDGETS = '/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets'

const setUp = { isSetUp: true }

const SCALE: readonly ConformanceRequest[] = [
  creating('a Deployment to scale', WORK, { ...setUp, body: deployment('scaled') }),
  reading('a scale', `${WORK}/scaled/scale`, { save: { scaleVersion: 'metadata.resourceVersion' } }),
  reading('the scale of what does not exist', `${WORK}/absent/scale`),
  patching('a scale by merge', `${WORK}/scaled/scale`, { contentType: MERGE_PATCH, body: { spec: { replicas: 2 } } }),
  patching('a scale by JSON patch', `${WORK}/scaled/scale`, {
    contentType: JSON_PATCH,
    body: [{ op: 'replace', path: '/spec/replicas', value: 1 }],
  }),
  patching('a negative scale', `${WORK}/scaled/scale`, { contentType: MERGE_PATCH, body: { spec: { replicas: -1 } } }),
  patching('a scale that is text', `${WORK}/scaled/scale`, {
    contentType: MERGE_PATCH,
    body: { spec: { replicas: 'two' } },
  }),
  patching('a scale in dry run', `${WORK}/scaled/scale?dryRun=All`, {
    contentType: MERGE_PATCH,
    body: { spec: { replicas: 5 } },
  }),
  patching('a scale by an older version', `${WORK}/scaled/scale`, {
    contentType: MERGE_PATCH,
    body: { metadata: { resourceVersion: '{scaleVersion}' }, spec: { replicas: 3 } },
  }),
  replacing('a scale', `${WORK}/scaled/scale`, {
    body: {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'scaled', namespace: '{ns}' },
      spec: { replicas: 0 },
    },
  }),
  patching('the scale of what does not exist', `${WORK}/absent/scale`, {
    contentType: MERGE_PATCH,
    body: { spec: { replicas: 1 } },
  }),
  reading('the managed fields of what was scaled', `${WORK}/scaled`),
]

const readyPod = (name: string, app: string) => [
  creating(`the pod ${name}`, PODS, {
    ...setUp,
    body: pod(name, { nodeName: 'conformance-node' }, { labels: { app } }),
    save: { [`${name}Uid`]: 'metadata.uid' },
  }),
  patching(`the pod ${name} ready`, `${PODS}/${name}/status`, {
    ...setUp,
    contentType: STRATEGIC_PATCH,
    body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
  }),
]

const eviction = (name: string, rest: object = {}) => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name },
  ...rest,
})

const isCounted = (healthy: number) => (body: Record<string, unknown>) =>
  (body['status'] as { currentHealthy?: number } | undefined)?.currentHealthy === healthy

const EVICTION: readonly ConformanceRequest[] = [
  ...readyPod('eva', 'guarded'),
  ...readyPod('evb', 'guarded'),
  ...readyPod('evc', 'twice'),
  ...readyPod('evd', 'free'),
  creating('a budget that allows nothing', BUDGETS, {
    ...setUp,
    body: budget('none', { minAvailable: 2, selector: { matchLabels: { app: 'guarded' } } }),
  }),
  creating('a first of two budgets', BUDGETS, {
    ...setUp,
    body: budget('first', { minAvailable: 0, selector: { matchLabels: { app: 'twice' } } }),
  }),
  creating('a second of two budgets', BUDGETS, {
    ...setUp,
    body: budget('second', { minAvailable: 0, selector: { matchLabels: { app: 'twice' } } }),
  }),
  creating('the eviction of a pod that its budget keeps', `${PODS}/eva/eviction`, {
    body: eviction('eva'),
    after: { path: `${BUDGETS}/none`, isTrue: isCounted(2) },
  }),
  creating('the eviction of a pod of two budgets', `${PODS}/evc/eviction`, { body: eviction('evc') }),
  creating('the eviction of a pod by another uid', `${PODS}/evd/eviction`, {
    body: eviction('evd', { deleteOptions: { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } } }),
  }),
  creating('the eviction of what does not exist', `${PODS}/absent/eviction`, { body: eviction('absent') }),
  creating('the eviction of another name', `${PODS}/evd/eviction`, { body: eviction('other') }),
  creating('an eviction in dry run', `${PODS}/evd/eviction?dryRun=All`, {
    body: eviction('evd', { deleteOptions: { dryRun: ['All'] } }),
  }),
  reading('a pod that was evicted in dry run', `${PODS}/evd?`, {}),
  creating('an eviction', `${PODS}/evd/eviction`, {
    body: eviction('evd', { deleteOptions: { preconditions: { uid: '{evdUid}' } } }),
  }),
  reading('a pod that was evicted', `${PODS}/evd`),
  patching('a budget that allows one', `${BUDGETS}/none`, {
    ...setUp,
    contentType: MERGE_PATCH,
    body: { spec: { minAvailable: 1 } },
  }),
  creating('the eviction of a pod that its budget lets go', `${PODS}/eva/eviction`, {
    body: eviction('eva'),
    after: {
      path: `${BUDGETS}/none`,
      isTrue: (body) => (body['status'] as { disruptionsAllowed?: number }).disruptionsAllowed === 1,
    },
  }),
  creating('the eviction of the next', `${PODS}/evb/eviction`, {
    body: eviction('evb'),
    after: {
      path: `${BUDGETS}/none`,
      isTrue: isCounted(1),
    },
  }),
]

const resized = (resources: object) => ({ spec: { containers: [{ name: 'app', resources }] } })
const limits = (cpu: string, memory: string) => ({ limits: { cpu, memory }, requests: { cpu, memory } })

const resize = (say: string, body: object): ConformanceRequest =>
  patching(say, `${PODS}/sized/resize`, { contentType: STRATEGIC_PATCH, body })

const RESIZE: readonly ConformanceRequest[] = [
  creating('a pod to resize', PODS, {
    ...setUp,
    body: pod('sized', {
      nodeName: 'conformance-node',
      containers: [{ ...container, resources: limits('100m', '64Mi') }],
    }),
    save: { sizedUid: 'metadata.uid' },
  }),
  reading('a pod through the door of its size', `${PODS}/sized/resize`),
  resize('limits raised', resized(limits('200m', '128Mi'))),
  resize('another class of service', resized({ requests: { cpu: '50m' } })),
  resize('an image, which this door leaves out', {
    spec: { containers: [{ name: 'app', image: 'busybox:9', resources: limits('300m', '128Mi') }] },
  }),
  resize('a container more', { spec: { containers: [{ name: 'more', image: 'busybox:1' }] } }),
  patching('limits by JSON patch, with an annotation that this door drops', `${PODS}/sized/resize`, {
    contentType: JSON_PATCH,
    body: [
      { op: 'test', path: '/metadata/uid', value: '{sizedUid}' },
      { op: 'test', path: '/spec/containers/0/resources/limits/memory', value: '128Mi' },
      { op: 'replace', path: '/spec/containers/0/resources/limits/memory', value: '256Mi' },
      { op: 'replace', path: '/spec/containers/0/resources/requests/memory', value: '256Mi' },
      { op: 'add', path: '/metadata/annotations', value: { 'kubewise.io/step': 'a/b/1' } },
    ],
  }),
  patching('limits by JSON patch, lowered again', `${PODS}/sized/resize`, {
    contentType: JSON_PATCH,
    body: [
      { op: 'replace', path: '/spec/containers/0/resources/limits/memory', value: '128Mi' },
      { op: 'replace', path: '/spec/containers/0/resources/requests/memory', value: '128Mi' },
    ],
  }),
  patching('limits by JSON patch, of what they are not', `${PODS}/sized/resize`, {
    contentType: JSON_PATCH,
    body: [
      { op: 'test', path: '/spec/containers/0/resources/limits/memory', value: '512Mi' },
      { op: 'replace', path: '/spec/containers/0/resources/limits/memory', value: '1Gi' },
    ],
  }),
  patching('the limits through the main door', `${PODS}/sized`, {
    contentType: STRATEGIC_PATCH,
    body: resized(limits('400m', '128Mi')),
  }),
  patching('the image through the main door', `${PODS}/sized`, {
    contentType: STRATEGIC_PATCH,
    body: { spec: { containers: [{ name: 'app', image: 'busybox:2' }] } },
  }),
  patching('the node of a pod', `${PODS}/sized`, { contentType: MERGE_PATCH, body: { spec: { nodeName: 'other' } } }),
  patching('a label of a pod', `${PODS}/sized`, {
    contentType: MERGE_PATCH,
    body: { metadata: { labels: { a: 'b' } } },
  }),
]

const GRACE: readonly ConformanceRequest[] = [
  creating('a pod on no node', PODS, { ...setUp, body: pod('unplaced', { schedulerName: 'nobody' }) }),
  deleting('a pod on no node', `${PODS}/unplaced`),
  reading('a pod on no node after its deletion', `${PODS}/unplaced`),
  creating('a pod on a node', PODS, {
    ...setUp,
    body: pod('placed', { nodeName: 'conformance-node' }),
    save: { placedUid: 'metadata.uid' },
  }),
  deleting('a pod by another uid', `${PODS}/placed`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: '00000000-0000-4000-8000-000000000000' } },
  }),
  deleting('a pod on a node', `${PODS}/placed`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: '{placedUid}' } },
  }),
  reading('a pod that has time to end', `${PODS}/placed`),
  deleting('a pod that has time to end, with less of it', `${PODS}/placed?gracePeriodSeconds=5`),
  deleting('a pod at once', `${PODS}/placed?gracePeriodSeconds=0`),
  reading('a pod after it went at once', `${PODS}/placed`),
  creating('a pod to take away at once', PODS, {
    ...setUp,
    body: pod('taken', { nodeName: 'conformance-node' }),
    save: { takenUid: 'metadata.uid' },
  }),
  deleting('a pod at once, by its uid, all in the body', `${PODS}/taken`, {
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: '{takenUid}' },
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
    },
  }),
  reading('a pod after it was taken at once', `${PODS}/taken`),
  deleting('all pods of a label', `${PODS}?labelSelector=app%3Dnone`),
]

const JOBS = '/apis/batch/v1/namespaces/{ns}/jobs'

/** A Job once more, under another name: what must be left out of the copy. */
const COPIES: readonly ConformanceRequest[] = [
  creating('a Job to copy', JOBS, {
    ...setUp,
    body: job('first'),
    save: { firstUid: 'metadata.uid' },
  }),
  creating('a copy with the selector of the first', JOBS, {
    body: job('second', { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': '{firstUid}' } } }),
  }),
  creating('a copy with the labels of the first', JOBS, {
    body: job('second', {
      template: {
        metadata: { labels: { 'batch.kubernetes.io/controller-uid': '{firstUid}', 'job-name': 'first' } },
        spec: { restartPolicy: 'Never', containers: [container] },
      },
    }),
  }),
  creating('a copy without both', JOBS, { body: job('second'), save: { secondUid: 'metadata.uid' } }),
  creating('the same copy again', JOBS, { body: job('second') }),
  deleting('a copy by the uid of the first', `${JOBS}/second`, {
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: '{firstUid}' },
      propagationPolicy: 'Background',
    },
  }),
  deleting('a copy by its own uid', `${JOBS}/second`, {
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: '{secondUid}' },
      propagationPolicy: 'Background',
    },
  }),
  reading('a copy that was deleted', `${JOBS}/second`),
]

const OWNERSHIP: readonly ConformanceRequest[] = [
  creating('an owner', '/api/v1/namespaces/{ns}/configmaps', {
    ...setUp,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner' } },
    save: { ownerUid: 'metadata.uid' },
  }),
  creating('a dependent', '/api/v1/namespaces/{ns}/configmaps', {
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'dependent',
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: '{ownerUid}' }],
      },
    },
  }),
  deleting('an owner before its dependents', '/api/v1/namespaces/{ns}/configmaps/owner?propagationPolicy=Background'),
  reading('a dependent whose owner is gone', '/api/v1/namespaces/{ns}/configmaps/dependent', {
    after: { path: '/api/v1/namespaces/{ns}/configmaps/dependent', isTrue: (body) => body['code'] === 404 },
  }),
]

export const SUBRESOURCES: readonly ConformanceRequest[] = [
  ...SCALE,
  ...EVICTION,
  ...RESIZE,
  ...GRACE,
  ...COPIES,
  ...OWNERSHIP,
]
