import assert from 'node:assert/strict'
import type { Pod, PodTemplate } from '@kubewise/kube'
import { signal } from '../fixture/context.ts'
import { condition, event, factsIn, waitingPod, withParts } from '../fixture/around.ts'
import { before, deployment, pod, replicaSet, statefulSet, template } from '../fixture/objects.ts'
import { newSet, oldPods, oldSet, rolling, settled, steadySet, v1, onlySet } from '../fixture/worlds.ts'

const NOT_FOUND = 'Back-off pulling image "web:2": ErrImagePull: rpc error: code = NotFound desc = web:2: not found'

const fresh = (options = {}) => pod(newSet(), 'h2', { name: 'new', ageSeconds: 30, ready: false, ...options })
const rolloutOf = (newPod: Pod) => ({
  target: rolling,
  children: [oldSet, newSet()],
  pods: [...oldPods, newPod],
  signals: [signal('image-pull', 'new')],
})

describe('the facts of an image', () => {
  const withImage = (image: string, message = NOT_FOUND) =>
    withParts(waitingPod(fresh(), 'ImagePullBackOff', message), { spec: { containers: [{ name: 'app', image }] } })

  it('say why, from where, and that the rollout brought it', () =>
    assert.deepEqual(factsIn(rolloutOf(withImage('r.io/web:2'))).image, {
      failing: true,
      problem: 'not-found',
      registry: 'r.io',
      otherTargets: 0,
      runsElsewhere: false,
      introducedByRollout: true,
    }))

  it('know that the image is there when pods of the same revision run', () => {
    const lost = waitingPod(
      pod(onlySet, 'h1', { name: 'web-9', ready: false }),
      'ErrImagePull',
      'x: pull access denied, y',
    )
    const { image } = factsIn({ ...settled([{}, {}]), pods: [pod(onlySet, 'h1', { name: 'web-0' }), lost] })
    assert.deepEqual([image.problem, image.runsElsewhere, image.introducedByRollout], ['unauthorized', true, false])
  })

  it('count the other targets that fail at the same registry, each once', () => {
    const other = (owner: string, image: string, namespace = 'shop', why = NOT_FOUND) => {
      const set = replicaSet(deployment(v1, { metadata: { name: owner } }), 1, v1)
      const named = { ...set, metadata: { ...set.metadata, name: `${owner}-h1` } }
      const one = withParts(waitingPod(pod(named, 'h1'), 'ErrImagePull', why), {
        spec: { containers: [{ name: 'app', image }] },
      })
      return { ...one, metadata: { ...one.metadata, namespace } }
    }
    const pendingPods = [
      other('web', 'r.io/web:2'),
      other('a', 'r.io/a:1'),
      other('a', 'r.io/a:2'),
      other('b', 'r.io/b', 'other'),
      other('c', 'elsewhere.io/c'),
      other('f', 'r.io/web:2', 'other'),
      other('e', 'r.io/e', 'other', 'unauthorized: authentication required'),
      other('d', 'd'),
    ]
    assert.equal(factsIn({ ...rolloutOf(withImage('r.io/web:2')), pendingPods }).image.otherTargets, 2)
  })
})

describe('the facts of a missing configuration', () => {
  const naming = (name: string): PodTemplate => ({
    ...v1,
    spec: { containers: [{ name: 'app', env: [{ name: 'X', valueFrom: { secretKeyRef: { name, key: 'k' } } }] }] },
  })
  const lacking = (name: string, message = `secret "${name}" not found`) =>
    withParts(waitingPod(fresh(), 'CreateContainerConfigError', message), { spec: naming(name).spec ?? {} })
  const world = (from: PodTemplate, to: PodTemplate, newPod: Pod) => {
    const target = deployment(to, { status: { updatedReplicas: 1 } })
    const [first, second] = [
      replicaSet(target, 1, from, { wanted: 3 }),
      replicaSet(target, 2, to, { wanted: 1, ready: 0 }),
    ]
    const old = ['a', 'b', 'c'].map((name) => pod(first, 'h1', { name }))
    return { target, children: [first, second], pods: [...old, newPod], signals: [signal('container-config', 'new')] }
  }

  it('say what, and that the rollout brought its name', () => {
    const facts = factsIn(world(v1, naming('db'), lacking('db')))
    assert.deepEqual(facts.configuration, {
      missing: true,
      kind: 'Secret',
      name: 'db',
      key: '',
      introducedByRollout: true,
    })
    assert.equal(facts.pods.at(-1)?.missing, 'Secret/db')
  })

  it('know a name that was there before', () =>
    assert.equal(
      factsIn(world(naming('db'), { ...naming('db'), metadata: { labels: { app: 'web', x: 'y' } } }, lacking('db')))
        .configuration.introducedByRollout,
      false,
    ))

  it('take the kubelet’s word only for what the template names', () =>
    assert.equal(
      factsIn(world(v1, naming('db'), lacking('db', 'secret "payments" not found'))).configuration.missing,
      false,
    ))

  it('know a mount by its Event, while the pod waits for it', () => {
    const mounting = withParts(waitingPod(fresh(), 'ContainerCreating'), {
      spec: { volumes: [{ name: 'c', configMap: { name: 'settings' } }] },
    })
    const note = 'MountVolume.SetUp failed for volume "c" : references non-existent config key: app.yaml'
    const missing = (reporter: string) =>
      factsIn({ ...rolloutOf(mounting), events: [event(mounting, 'FailedMount', note, { reporter })] }).configuration
    assert.deepEqual([missing('kubelet').name, missing('kubelet').key], ['settings', 'app.yaml'])
    assert.equal(missing('some-user').missing, false)
  })
})

describe('the facts of a probe', () => {
  const PROBED = [{ name: 'app', livenessProbe: {}, readinessProbe: {}, startupProbe: {} }]
  const alone = (one: Pod, events = [] as ReturnType<typeof event>[]) =>
    factsIn({ target: steadySet, children: [onlySet], pods: [one], events, signals: [signal('x', 'web-0')] })
  const seen = (one: Pod, events?: ReturnType<typeof event>[]) => {
    const { pods, probe } = alone(one, events)
    return [pods[0]?.failingProbe, pods[0]?.killedByProbe, probe.failing, probe.kills]
  }
  const killed = (reason: string, exitCode: number, state: 'running' | 'ready' = 'running') => {
    const one = pod(onlySet, 'h1', {
      name: 'web-0',
      ready: state === 'ready',
      restarts: 2,
      last: { agoSeconds: 5, ranSeconds: 20, exitCode, reason },
    })
    return withParts(one, { spec: { containers: PROBED } })
  }
  const liveness = (one: Pod, options = {}) =>
    event(one, 'Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500', options)

  it('know one that kills, by the kubelet’s Event and the death together', () => {
    const one = killed('Error', 137)
    assert.deepEqual(seen(one, [liveness(one)]), ['liveness', true, 'liveness', true])
  })

  const not: [string, Pod, object][] = [
    ['a kill for memory', killed('OOMKilled', 137), {}],
    ['an exit of its own after one failure', killed('Error', 1), {}],
    ['an Event of somebody else', killed('Error', 137), { reporter: 'a-user' }],
    ['an Event from long ago', killed('Error', 137), { seconds: 900 }],
  ]
  for (const [name, one, options] of not)
    it(`do not take ${name} for one`, () => assert.equal(seen(one, [liveness(one, options)])[1], false))

  it('know one that leaves by itself when it is told to, by as many failures as it takes', () => {
    const one = killed('Completed', 0)
    assert.equal(seen(one, [liveness(one, { count: 3 })])[1], true)
  })

  it('know readiness and startup by state alone', () => {
    const running = (started: boolean) =>
      withParts(pod(onlySet, 'h1', { name: 'web-0', ready: false }), {
        spec: { containers: PROBED },
        status: {
          containerStatuses: [
            { name: 'app', ready: false, started, restartCount: 0, state: { running: { startedAt: before(60) } } },
          ],
        },
      })
    assert.deepEqual(seen(running(true)), ['readiness', false, 'readiness', false])
    assert.deepEqual(seen(running(false)), ['startup', false, 'startup', false])
  })

  it('know that the rollout brought it', () => {
    const probed = {
      ...v1,
      spec: { containers: [{ name: 'app', image: 'web:1', readinessProbe: { periodSeconds: 1 } }] },
    }
    const target = deployment(probed, { status: { updatedReplicas: 1 } })
    const [first, second] = [replicaSet(target, 1, v1, { wanted: 3 }), replicaSet(target, 2, probed, { wanted: 1 })]
    const one = withParts(fresh(), { spec: { containers: [{ name: 'app', readinessProbe: {} }] } })
    const old = ['a', 'b', 'c'].map((name) => pod(first, 'h1', { name }))
    const { probe, rollout } = factsIn({ target, children: [first, second], pods: [...old, one] })
    assert.deepEqual([probe.failing, probe.introducedByRollout], ['readiness', true])
    assert.ok(rollout.changed.includes('probes'))
  })
})

describe('the facts of a pod’s start', () => {
  const alone = (one: Pod) => factsIn({ target: steadySet, children: [onlySet], pods: [one] }).pods[0]

  it('know one that was never ready by its condition', () => {
    const since = (readySeconds: number) => pod(onlySet, 'h1', { ready: false, ageSeconds: 600, readySeconds })
    assert.equal(alone(since(599))?.neverReady, true)
    assert.equal(alone(since(100))?.neverReady, false)
  })

  it('know an init container that does not end, a sidecar excepted', () => {
    const initial = (seconds: number, restartPolicy?: string) =>
      withParts(pod(onlySet, 'h1', { ready: false, phase: 'Pending' }), {
        spec: { initContainers: [{ name: 'wait', ...(restartPolicy !== undefined && { restartPolicy }) }] },
        status: {
          initContainerStatuses: [
            {
              name: 'wait',
              ready: false,
              started: true,
              restartCount: 0,
              state: { running: { startedAt: before(seconds) } },
            },
          ],
        },
      })
    assert.equal(alone(initial(300))?.initializing, true)
    assert.equal(alone(initial(10))?.initializing, false)
    assert.equal(alone(initial(300, 'Always'))?.initializing, false)
  })

  it('know a preempted and an evicted one', () => {
    const preempted = [condition('DisruptionTarget', 'True', { reason: 'PreemptionByScheduler' })]
    assert.equal(alone(withParts(pod(onlySet, 'h1'), { status: { conditions: preempted } }))?.reason, 'Preempting')
    assert.equal(alone(withParts(pod(onlySet, 'h1'), { status: { reason: 'Evicted' } }))?.reason, 'Evicted')
  })
})

describe('why pods are not created', () => {
  const QUOTA = 'pods "web-x" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3'

  it('is the controller’s own condition', () => {
    const failing = [condition('ReplicaFailure', 'True', { reason: 'FailedCreate', message: QUOTA, seconds: 90 })]
    const target = deployment(v1, { status: { conditions: failing } })
    assert.deepEqual(factsIn({ target }).creation, { refused: true, reason: 'quota', by: 'tight', ageSeconds: 90 })
  })

  it('is an Event’s word for a StatefulSet, where pods are missing, and only by its controller', () => {
    const target = statefulSet(template())
    const events = (reporter: string, seconds = 10) => [event(target, 'FailedCreate', QUOTA, { reporter, seconds })]
    const reason = (more: object) => factsIn({ target, ...more }).creation.reason
    assert.equal(reason({ events: events('statefulset-controller') }), 'quota')
    assert.equal(reason({ events: events('a-user') }), '')
    assert.equal(reason({ events: events('statefulset-controller', 3600) }), '')
    const all = ['a', 'b', 'c'].map((name) => pod(target, 'web-h1', { name }))
    assert.equal(reason({ events: events('statefulset-controller'), pods: all }), '')
  })

  it('tells of a webhook whose certificate has expired', () => {
    const message =
      'Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://x": x509: certificate has expired or is not yet valid'
    const conditions = [condition('ReplicaFailure', 'True', { reason: 'FailedCreate', message })]
    const { creation, identity } = factsIn({ target: deployment(v1, { status: { conditions } }) })
    assert.deepEqual([creation.reason, creation.by, identity.certificateExpired], ['webhook', 'a.b', true])
  })
})
