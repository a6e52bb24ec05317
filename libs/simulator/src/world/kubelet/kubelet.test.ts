import assert from 'node:assert/strict'
import { conditionOf, RESOURCES, type ConfigMap, type Pod } from '@kubewise/kube'
import { deployment, object, template, type AppWish } from '../testing/manifests.ts'
import { testWorld, type TestWorld } from '../testing/test-world.ts'

function pod(name: string, wish: AppWish & { restartPolicy?: string } = {}): Pod {
  const { metadata = {}, spec } = template(name, wish)
  return object('v1', 'Pod', name, {
    metadata: { ...metadata, name, namespace: 'shop' },
    spec: { ...spec, ...(wish.restartPolicy ? { restartPolicy: wish.restartPolicy } : {}) },
  })
}

const statusOf = (world: TestWorld, name: string) => world.find<Pod>(RESOURCES.Pod, name).status?.containerStatuses?.[0]
const waitingOf = (world: TestWorld, name: string) => statusOf(world, name)?.state?.waiting

describe('kubelet', () => {
  let world: TestWorld
  beforeEach(() => void (world = testWorld(1)))

  it('runs a pod and says so in the order of the real one', () => {
    world.apply(pod('web', { behaviour: { readyAfterSeconds: 3 } }))
    world.run(1)
    assert.equal(world.find<Pod>(RESOURCES.Pod, 'web').status?.phase, 'Pending')
    assert.equal(waitingOf(world, 'web')?.reason, 'ContainerCreating')
    world.runUntil(() => statusOf(world, 'web')?.ready === true, 10)
    const { status } = world.find<Pod>(RESOURCES.Pod, 'web')
    assert.equal(status?.phase, 'Running')
    assert.equal(status?.qosClass, 'Burstable')
    for (const type of ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'])
      assert.equal(conditionOf({ status: status ?? {} }, type)?.status, 'True', type)
    const reasons = world.objects.list(RESOURCES.CoreEvent).map((event) => (event as { reason?: string }).reason)
    assert.deepEqual(reasons, ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started'])
  })

  it('restarts a crashing container at once, then after 10, 20, 40, 80, 160, 300 and 300 s', () => {
    world.apply(pod('web', { behaviour: { crashAfterSeconds: 5 } }))
    const waits: number[] = []
    for (let restart = 1; restart <= 8; restart++) {
      world.runUntil(() => statusOf(world, 'web')?.restartCount === restart)
      const { lastState, state } = statusOf(world, 'web') ?? {}
      waits.push(
        (Date.parse(state?.running?.startedAt ?? '') - Date.parse(lastState?.terminated?.finishedAt ?? '')) / 1000,
      )
    }
    const expected = [1, 10, 20, 40, 80, 160, 300, 300]
    waits.forEach((wait, index) => assert.ok(Math.abs(wait - expected[index]!) <= 1, waits.join(', ')))
  })

  it('shows CrashLoopBackOff with the last exit, and tells it in BackOff events', () => {
    world.apply(pod('web', { behaviour: { crashAfterSeconds: 5, exitCode: 3 } }))
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'CrashLoopBackOff', 60)
    const { uid } = world.find<Pod>(RESOURCES.Pod, 'web').metadata ?? {}
    assert.equal(waitingOf(world, 'web')?.message, `back-off 10s restarting failed container=app pod=web_shop(${uid})`)
    assert.deepEqual(
      { ...statusOf(world, 'web')?.lastState?.terminated, startedAt: '', finishedAt: '', containerID: '' },
      { exitCode: 3, reason: 'Error', startedAt: '', finishedAt: '', containerID: '' },
    )
    const [event] = world.eventsOf('BackOff')
    assert.equal(event?.type, 'Warning')
    assert.equal(event?.message, `Back-off restarting failed container app in pod web_shop(${uid})`)
    assert.equal(event?.involvedObject?.fieldPath, 'spec.containers{app}')
    assert.equal(world.find<Pod>(RESOURCES.Pod, 'web').status?.phase, 'Running')
  })

  it('forgets the back-off of a container that then ran for more than ten minutes', () => {
    world.apply(pod('web', { behaviour: { crashAfterSeconds: 700 } }))
    world.runUntil(() => statusOf(world, 'web')?.restartCount === 2, 1500)
    world.runUntil(() => statusOf(world, 'web')?.state?.running === undefined, 800)
    world.run(3)
    assert.notEqual(statusOf(world, 'web')?.state?.running, undefined)
  })

  it('kills for memory without an Event: exit 137, OOMKilled', () => {
    world.apply(pod('web', { behaviour: { memoryMi: 200 } }))
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'CrashLoopBackOff', 60)
    const last = statusOf(world, 'web')?.lastState?.terminated
    assert.equal(last?.reason, 'OOMKilled')
    assert.equal(last?.exitCode, 137)
    const told = world.objects.list(RESOURCES.CoreEvent).map((event) => JSON.stringify(event))
    assert.ok(!told.some((text) => text.includes('OOM')), 'no Event names it')
  })

  it('alternates between ErrImagePull and ImagePullBackOff, trying again after 10, 20, 40 s', () => {
    world.apply(pod('web', { container: { image: 'web:nope' } }))
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'ErrImagePull', 5)
    assert.match(
      waitingOf(world, 'web')?.message ?? '',
      /failed to resolve reference "docker.io\/library\/web:nope".*not found/,
    )
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'ImagePullBackOff', 5)
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'ErrImagePull', 30)
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'ImagePullBackOff', 30)
    assert.equal(world.find<Pod>(RESOURCES.Pod, 'web').status?.phase, 'Pending')
    assert.equal(statusOf(world, 'web')?.restartCount, 0)
    assert.equal(world.eventsOf('BackOff')[0]?.type, 'Normal')
    assert.deepEqual(
      world.eventsOf('Failed').map(({ message }) => message?.slice(0, 24)),
      ['Failed to pull image "we', 'Error: ErrImagePull', 'Error: ImagePullBackOff'],
    )
  })

  it('waits with CreateContainerConfigError for a ConfigMap, and starts once it is there', () => {
    world.apply(pod('web', { container: { envFrom: [{ configMapRef: { name: 'settings' } }] } }))
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'CreateContainerConfigError', 10)
    assert.equal(waitingOf(world, 'web')?.message, 'configmap "settings" not found')
    assert.equal(world.eventsOf('Failed')[0]?.message, 'Error: configmap "settings" not found')
    world.apply(object('v1', 'ConfigMap', 'settings', { data: { A: '1' } }))
    world.runUntil(() => statusOf(world, 'web')?.state?.running !== undefined, 20)
  })

  it('names the key that a ConfigMap lacks', () => {
    world.apply(
      object('v1', 'ConfigMap', 'settings', { data: { A: '1' } }),
      pod('web', {
        container: { env: [{ name: 'B', valueFrom: { configMapKeyRef: { name: 'settings', key: 'B' } } }] },
      }),
    )
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'CreateContainerConfigError', 10)
    assert.equal(waitingOf(world, 'web')?.message, "couldn't find key B in ConfigMap shop/settings")
    world.change<ConfigMap>(RESOURCES.ConfigMap, 'settings', (found) => ({ ...found, data: { B: '2' } }))
    world.runUntil(() => statusOf(world, 'web')?.state?.running !== undefined, 20)
  })

  it('restarts what its liveness probe finds dead, with exit 137 and no OOM', () => {
    const livenessProbe = { httpGet: { port: 80 }, periodSeconds: 5, failureThreshold: 2 }
    world.apply(pod('web', { behaviour: { unresponsiveAfterSeconds: 20 }, container: { livenessProbe } }))
    world.runUntil(() => statusOf(world, 'web')?.restartCount === 1, 60)
    assert.deepEqual(
      [statusOf(world, 'web')?.lastState?.terminated?.exitCode, statusOf(world, 'web')?.lastState?.terminated?.reason],
      [137, 'Error'],
    )
    assert.equal(world.eventsOf('Killing')[0]?.message, 'Container app failed liveness probe, will be restarted')
    assert.match(world.eventsOf('Unhealthy')[0]?.message ?? '', /^Liveness probe failed/)
  })

  it('lets a pod that is deleted stop in its grace period', () => {
    world.apply(deployment('web', { behaviour: { stopSeconds: 5 } }))
    world.run(10)
    const [first] = world.podsOf('web')
    world.change<Pod>(RESOURCES.Pod, first?.metadata?.name ?? '', (found) => ({
      ...found,
      metadata: {
        ...found.metadata,
        deletionTimestamp: new Date(world.nowMs() + 30_000).toISOString(),
        deletionGracePeriodSeconds: 30,
      },
    }))
    world.run(3)
    assert.equal(world.podsOf('web').length, 2, 'the old one stops, its replacement is there')
    world.run(5)
    assert.deepEqual(
      world.podsOf('web').filter(({ metadata }) => metadata?.uid === first?.metadata?.uid),
      [],
    )
    assert.equal(world.eventsOf('Killing')[0]?.message, 'Stopping container app')
  })

  for (const [restartPolicy, code, phase] of [
    ['Never', 0, 'Succeeded'],
    ['Never', 2, 'Failed'],
    ['OnFailure', 0, 'Succeeded'],
  ] as const)
    it(`ends a pod with ${restartPolicy} and exit ${code} as ${phase}`, () => {
      world.apply(pod('once', { restartPolicy, behaviour: { crashAfterSeconds: 3, exitCode: code } }))
      world.runUntil(() => world.find<Pod>(RESOURCES.Pod, 'once').status?.phase === phase, 20)
      world.run(60)
      assert.equal(statusOf(world, 'once')?.restartCount, 0)
      assert.equal(statusOf(world, 'once')?.state?.terminated?.exitCode, code)
      const { status = {} } = world.find<Pod>(RESOURCES.Pod, 'once')
      assert.equal(conditionOf({ status }, 'Ready')?.status, 'False')
    })

  it('runs init containers one after the other before the others', () => {
    const manifest = pod('web')
    manifest.spec!.initContainers = ['first', 'second'].map((name) => ({ name, image: 'setup:1' }))
    world.apply(manifest)
    world.run(2)
    assert.equal(waitingOf(world, 'web')?.reason, 'PodInitializing')
    world.runUntil(() => statusOf(world, 'web')?.ready === true, 20)
    const init = world.find<Pod>(RESOURCES.Pod, 'web').status?.initContainerStatuses ?? []
    assert.deepEqual(
      init.map(({ state }) => state?.terminated?.reason),
      ['Completed', 'Completed'],
    )
  })

  it('gives a running container a new limit in place, and forgets its back-off', () => {
    world.apply(pod('web', { behaviour: { memoryMi: 160 } }))
    world.runUntil(() => (statusOf(world, 'web')?.restartCount ?? 0) >= 3)
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'CrashLoopBackOff')
    world.change<Pod>(RESOURCES.Pod, 'web', (found) => {
      const [container] = found.spec?.containers ?? []
      return {
        ...found,
        spec: {
          ...found.spec,
          containers: [
            {
              ...container!,
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '200m', memory: '256Mi' } },
            },
          ],
        },
      }
    })
    const seconds = world.runUntil(() => statusOf(world, 'web')?.ready === true, 30)
    assert.ok(seconds <= 5, `the wait was cut short: ${seconds} s`)
    world.run(120)
    assert.equal(statusOf(world, 'web')?.resources?.limits?.['memory'], '256Mi')
    assert.equal(statusOf(world, 'web')?.restartCount, 4)
  })

  it('says when a node will never have room for a resize', () => {
    world.apply(pod('web'))
    world.run(5)
    world.change<Pod>(RESOURCES.Pod, 'web', (found) => {
      const [container] = found.spec?.containers ?? []
      return {
        ...found,
        spec: {
          ...found.spec,
          containers: [{ ...container!, resources: { requests: { cpu: '64' }, limits: { cpu: '64' } } }],
        },
      }
    })
    world.run(2)
    const { status = {} } = world.find<Pod>(RESOURCES.Pod, 'web')
    assert.equal(conditionOf({ status }, 'PodResizePending')?.reason, 'Infeasible')
    assert.equal(statusOf(world, 'web')?.resources?.limits?.['cpu'], '200m')
  })

  it('refuses to run a container whose behaviour is not readable, and says what is wrong', () => {
    world.apply(pod('web', { behaviour: { memoryMi: 'a lot' as unknown as number } }))
    world.runUntil(() => waitingOf(world, 'web')?.reason === 'RunContainerError', 10)
    assert.match(waitingOf(world, 'web')?.message ?? '', /memoryMi: expected a number >= 0, got "a lot"/)
  })
})
