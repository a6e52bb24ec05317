import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import type { Condition, EventObject, Node, PersistentVolumeClaim, Pod, Service } from '@kubewise/kube'
import { celFacts } from '@kubewise/playbooks'
import { contextOf, signal, type World } from '../fixture/context.ts'
import { deployment, statefulSet } from '../fixture/objects.ts'
import { onlySet } from '../fixture/worlds.ts'
import { digestOf } from './digest.ts'
import { factsOf } from './facts.ts'

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const word = fc.constantFrom(
  '',
  'app',
  'web',
  'node-1',
  'data',
  'True',
  'False',
  'Pending',
  'x y',
  '__proto__',
  'constructor',
)
const text = fc.oneof(word, fc.string({ maxLength: 60 }))
const quantity = fc.constantFrom('1', '100m', '1Gi', '-5', 'x', '', '1e30', 7)
const time = fc.constantFrom('2026-01-05T11:00:00Z', 'yesterday', '')
const amounts = fc.dictionary(word, quantity)
/** Any members may be absent, as in objects of another version or by another writer; those that the API demands are there. */
const DEMANDED = new Set([
  'name',
  'ready',
  'restartCount',
  'exitCode',
  'type',
  'status',
  'key',
  'effect',
  'port',
  'claimName',
  'containerPort',
])
const partial = <T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(members, {
    requiredKeys: (Object.keys(members) as (keyof T)[]).filter((key) => DEMANDED.has(String(key))),
  }) as fc.Arbitrary<Partial<T>>

const conditions = fc.array(
  partial({
    type: fc.constantFrom(
      'Ready',
      'PodScheduled',
      'MemoryPressure',
      'ReplicaFailure',
      'ScalingLimited',
      'DisruptionTarget',
    ),
    status: fc.constantFrom('True', 'False', 'Unknown'),
    reason: text,
    message: text,
    lastTransitionTime: time,
  }),
  { maxLength: 3 },
) as fc.Arbitrary<Condition[]>

const metadata = partial({
  name: word,
  namespace: word,
  uid: word,
  labels: fc.dictionary(word, word),
  annotations: fc.dictionary(word, text),
  creationTimestamp: time,
  managedFields: fc.array(
    partial({
      manager: text,
      time,
      fieldsV1: fc.constantFrom({ 'f:spec': { 'f:template': {} } }, {}, { 'f:spec': 5 as never }),
    }),
  ),
})

const containers = fc.array(
  partial({
    name: word,
    image: text,
    env: fc.array(partial({ name: text, value: text })),
    resources: partial({ requests: amounts, limits: amounts }),
    readinessProbe: fc.constant({}),
    livenessProbe: fc.constant({}),
    ports: fc.array(partial({ name: word, containerPort: fc.integer() })),
  }),
  { maxLength: 3 },
)

const statuses = fc.array(
  partial({
    name: word,
    ready: fc.boolean(),
    restartCount: fc.nat(9),
    state: some(
      partial({
        waiting: partial({
          reason: fc.constantFrom('ErrImagePull', 'CreateContainerConfigError', 'ContainerCreating'),
          message: text,
        }),
        running: partial({ startedAt: time }),
        terminated: partial({ exitCode: fc.integer(), reason: text }),
      }),
    ),
  }),
  { maxLength: 3 },
)

const pods = fc.array(
  partial({
    metadata,
    spec: partial({
      containers,
      nodeName: word,
      volumes: fc.array(
        partial({
          name: word,
          persistentVolumeClaim: partial({ claimName: word }),
          configMap: partial({ name: word }),
        }),
      ),
    }),
    status: some(
      partial({
        phase: word,
        conditions,
        containerStatuses: statuses,
        initContainerStatuses: statuses,
        message: text,
        reason: text,
      }),
    ),
  }),
  { maxLength: 4 },
) as fc.Arbitrary<Pod[]>

const nodes = fc.array(
  partial({
    metadata,
    spec: partial({ unschedulable: fc.boolean(), taints: fc.array(partial({ key: word, effect: word })) }),
    status: partial({ conditions, allocatable: amounts }),
  }),
  { maxLength: 3 },
) as fc.Arbitrary<Node[]>

const claims = fc.array(
  partial({
    metadata,
    spec: partial({ storageClassName: word, resources: partial({ requests: amounts }) }),
    status: partial({ phase: word, capacity: amounts }),
  }),
  { maxLength: 3 },
) as fc.Arbitrary<PersistentVolumeClaim[]>

const events = fc.array(
  partial({
    metadata,
    reason: text,
    note: text,
    regarding: partial({ uid: word }),
    reportingController: word,
    deprecatedCount: fc.nat(),
  }),
  { maxLength: 4 },
) as fc.Arbitrary<EventObject[]>

const services = fc.array(
  partial({
    metadata,
    spec: partial({
      selector: fc.dictionary(word, word),
      ports: fc.array(partial({ port: fc.integer(), targetPort: word })),
    }),
  }),
  { maxLength: 3 },
) as fc.Arbitrary<Service[]>

const target = fc.constantFrom(
  deployment(),
  statefulSet(),
  { kind: 'Service' },
  { kind: 'Node', metadata: {} },
  undefined,
  { kind: 'Pod' },
)

const world: fc.Arbitrary<World> = fc.record({
  target,
  pods,
  neighbours: pods,
  pendingPods: pods,
  servicePods: pods,
  neighbourhood: fc.constantFrom('none', 'nodes', 'cluster'),
  nodes,
  claims,
  events,
  services,
  autoscalers: fc.constant([{ spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } } }]),
  quotas: fc.array(fc.constantFrom({}, { metadata: { name: 'q' }, status: {} })),
  networkPolicies: fc.constant([{}]),
  webhooks: fc.constant([{}]),
})

describe('objects that are not whole', () => {
  it('give facts of the declared types and a digest within its bound, and the same each time', () =>
    fc.assert(
      fc.property(world, (given) => {
        const context = contextOf({ ...given, children: [onlySet], signals: [signal('crash-loop', 'web')] })
        const frozen = JSON.stringify(Object.values(context))
        const facts = factsOf(context, DEFAULT_LIMITS)
        celFacts(facts)
        assert.deepEqual(factsOf(context, DEFAULT_LIMITS), facts)
        assert.ok(digestOf(context, facts).bytes <= 16 * 1024)
        assert.equal(JSON.stringify(Object.values(context)), frozen)
      }),
      { numRuns: 60 },
    ))
})
