import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, findPrograms, freePort, skipWithout, startProcess, temporaryFolder } from '@kubewise/testkit'
import { silentLog, type Clock } from '@kubewise/service'
import { startApi, type Api } from '../../../api/start-api.ts'
import { createObjectStore } from '../../../objects/object-store.ts'
import { METRIC_NAME, labelKey, labelsOf, without } from '../../../prometheus/series/labels.ts'
import { demoManifests } from '../../demo/manifests.ts'
import { findApiResourceByKind } from '../../../api/resources.ts'
import { object, deployment } from '../../testing/manifests.ts'
import { createWorld, type SteppedWorld } from '../../world.ts'

const RESOURCES =
  'pods,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,horizontalpodautoscalers,poddisruptionbudgets,resourcequotas,namespaces,nodes'
const TARGET = new Set(['job', 'instance'])

/** Everything by its name and labels. */
function read(exposition: string): Map<string, number> {
  const samples = exposition.split('\n').flatMap((line): [string, number][] => {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!match) return []
    const pairs = Array.from(
      (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g),
      ([, name = '', value = '']) => [name, value] as const,
    )
    return [[labelKey(labelsOf([[METRIC_NAME, match[1] ?? ''], ...pairs])), Number(match[3])]]
  })
  return new Map(samples)
}

/** The name sorts first. */
const familyOf = (key: string) => key.slice(METRIC_NAME.length + 1, key.indexOf('\u0001'))

describe('kube-state-metrics, the real one, over the simulated API', () => {
  const [program] = findPrograms('kube-state-metrics')
  const found = skipWithout(program, 'kube-state-metrics is not installed')
  let now = Date.UTC(2025, 0, 6, 10)
  let api: Api
  let world: SteppedWorld
  const held = new AsyncDisposableStack()

  function run(seconds: number): void {
    for (let tick = 0; tick < seconds * 2; tick++) world.tick((now += 500))
  }

  before(async function () {
    this.timeout(60_000)
    const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => new Promise(() => {}) }
    const etcd = createObjectStore({ clock })
    api = await startApi({ etcd, clock, seed: 1, port: 0, host: '127.0.0.1' })
    held.defer(() => api.stop())
    world = createWorld({ objects: api.objects, log: silentLog }, now)
    const quota = object('v1', 'ResourceQuota', 'small', { spec: { hard: { pods: '23' } } })
    const huge = deployment('huge', { container: { resources: { requests: { cpu: '100' } } } })
    for (const manifest of [...demoManifests(), quota, huge])
      api.objects.create(findApiResourceByKind(manifest.apiVersion, manifest.kind)!, manifest, 'kubectl')
    run(60)
    for (const [name, target] of [
      ['bad-rollout', 'Deployment/web'],
      ['bad-image', 'StatefulSet/cart'],
      ['memory', 'DaemonSet/agent'],
      ['completed-job', 'Job/report'],
      ['node-not-ready', 'Node/node-3'],
    ] as const)
      world.inject({ name, target, namespace: 'shop' }, now)
    run(90)
  })

  after(() => held.disposeAsync())

  it('shows the same series with the same values as ours', async () => {
    const folder = held.use(await temporaryFolder())
    const kubeconfig = join(folder.path, 'kubeconfig')
    writeFileSync(kubeconfig, api.kubeconfig())
    const [port, telemetry] = [await freePort(), await freePort()]
    const url = `http://127.0.0.1:${port}/metrics`
    held.use(
      await startProcess(() => ({
        program: found,
        options: [
          '--kubeconfig',
          kubeconfig,
          '--host',
          '127.0.0.1',
          '--port',
          String(port),
          '--telemetry-host',
          '127.0.0.1',
          '--telemetry-port',
          String(telemetry),
          '--resources',
          RESOURCES,
        ],
        up: () => eventually(async () => (await fetch(url)).ok, { timeoutMs: 30_000 }).then(() => {}),
      })),
    )
    const ours = new Map(
      world
        .sample(now)
        .filter(({ labels }) => labels['job'] === 'kube-state-metrics' && labels[METRIC_NAME] !== 'up')
        .map(({ labels, value }) => [labelKey(without(labels, TARGET)), value]),
    )
    const families = new Set(Array.from(ours.keys(), familyOf))
    await eventually(
      async () => {
        const real = read(await (await fetch(url)).text())
        const comparable = Array.from(real).filter(([key]) => families.has(familyOf(key)))
        assert.deepEqual(new Map(comparable.toSorted()), new Map(Array.from(ours).toSorted()))
        return true
      },
      { timeoutMs: 30_000, everyMs: 500 },
    )
    assert.ok(ours.size > 800, `${ours.size} series`)
  }).timeout(90_000)
})
