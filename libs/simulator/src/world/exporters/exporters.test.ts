import assert from 'node:assert/strict'
import { RESOURCES, type Pod } from '@kubewise/kube'
import { evaluateAt } from '../../prometheus/promql/evaluate.ts'
import { parsePromql } from '../../prometheus/promql/parse.ts'
import type { VectorSample } from '../../prometheus/promql/value.ts'
import { createSeriesStore, type SeriesStore } from '../../prometheus/series/series-store.ts'
import { demoManifests } from '../demo/manifests.ts'
import { testWorld, type TestWorld } from '../testing/test-world.ts'

const BY_POD = 'by (namespace, pod)'
const CONTAINER = 'container!="",container!="POD"'
const DISK = 'fstype!~"tmpfs|overlay"'

/** The original's 20 default queries, corrected. */
const QUERIES: Record<string, string> = {
  pod_cpu_utilization_pct: `sum ${BY_POD}(rate(container_cpu_usage_seconds_total{${CONTAINER}}[1m])) / sum ${BY_POD}(kube_pod_container_resource_limits{resource="cpu"}) * 100`,
  pod_memory_utilization_pct: `sum ${BY_POD}(container_memory_working_set_bytes{${CONTAINER}}) / sum ${BY_POD}(kube_pod_container_resource_limits{resource="memory"}) * 100`,
  pod_oom_events: `sum ${BY_POD}(increase(container_oom_events_total{container!=""}[5m]))`,
  pod_oomkilled_state: `max ${BY_POD}(kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) or 0 * max ${BY_POD}(kube_pod_info)`,
  pod_not_ready: `max ${BY_POD}(kube_pod_status_ready{condition=~"false|unknown"}) unless on (namespace, pod)(kube_pod_status_phase{phase=~"Succeeded|Failed"} == 1)`,
  pod_container_waiting: `max ${BY_POD}(kube_pod_container_status_waiting_reason{reason!~"ContainerCreating|PodInitializing"}) or 0 * max ${BY_POD}(kube_pod_info)`,
  deployment_replicas_available_ratio:
    'kube_deployment_status_replicas_available / (kube_deployment_spec_replicas > 0)',
  statefulset_replicas_available_ratio: 'kube_statefulset_status_replicas_ready / (kube_statefulset_replicas > 0)',
  pod_crashloopbackoff: `max ${BY_POD}(max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])) or 0 * max ${BY_POD}(kube_pod_info)`,
  pod_imagepullbackoff: `max ${BY_POD}(max_over_time(kube_pod_container_status_waiting_reason{reason=~"ImagePullBackOff|ErrImagePull|InvalidImageName"}[5m])) or 0 * max ${BY_POD}(kube_pod_info)`,
  pod_container_restarts: `sum ${BY_POD}(increase(kube_pod_container_status_restarts_total[5m]))`,
  pod_failed: `max ${BY_POD}(kube_pod_status_phase{phase=~"Failed|Unknown"})`,
  pod_tcp_retransmits_per_second: 'sum by (instance)(rate(node_netstat_Tcp_RetransSegs[5m]))',
  pod_dns_request_failures: 'sum(rate(coredns_dns_responses_total{rcode=~"SERVFAIL|REFUSED"}[5m]))',
  node_not_ready: 'max by (node)(kube_node_status_condition{condition="Ready",status=~"false|unknown"})',
  node_memory_pressure: 'max by (node)(kube_node_status_condition{condition="MemoryPressure",status="true"})',
  node_disk_pressure: 'max by (node)(kube_node_status_condition{condition="DiskPressure",status="true"})',
  node_pid_pressure: 'max by (node)(kube_node_status_condition{condition="PIDPressure",status="true"})',
  node_load_high: 'node_load5 / on (instance) group_left() count by (instance)(node_cpu_seconds_total{mode="idle"})',
  node_disk_usage_pct: `(1 - node_filesystem_avail_bytes{${DISK}} / node_filesystem_size_bytes{${DISK}}) * 100`,
}

const PODS = 21

describe('exporters', () => {
  let world: TestWorld
  let store: SeriesStore

  function run(seconds: number): void {
    for (let second = 0; second < seconds; second += 5) {
      world.run(5)
      store.scrape(world.nowMs(), world.world.sample(world.nowMs()))
    }
  }

  function ask(query: string): VectorSample[] {
    const value = evaluateAt(store, parsePromql(query), world.nowMs())
    assert.equal(value.type, 'vector')
    return value.type === 'vector' ? value.samples : []
  }

  const valueOf = (name: string, labels: Record<string, string>) =>
    ask(QUERIES[name]!).find((sample) =>
      Object.entries(labels).every(([key, value]) => sample.labels[key]?.startsWith(value)),
    )?.value

  beforeEach(() => {
    world = testWorld(3)
    store = createSeriesStore(3_600_000)
    world.apply(...demoManifests())
    run(360)
  })

  for (const [name, query] of Object.entries(QUERIES))
    it(`${name} has a finite value for each of its entities`, () => {
      const samples = ask(query)
      const entities =
        name.startsWith('node_') || name === 'pod_tcp_retransmits_per_second'
          ? 3
          : ({
              pod_dns_request_failures: 1,
              deployment_replicas_available_ratio: 6,
              statefulset_replicas_available_ratio: 1,
            }[name] ?? PODS)
      assert.equal(samples.length, entities)
      assert.ok(samples.every(({ value }) => Number.isFinite(value)))
    })

  it('show use of CPU and memory below the limits of healthy pods', () => {
    for (const name of ['pod_cpu_utilization_pct', 'pod_memory_utilization_pct'])
      for (const { labels, value } of ask(QUERIES[name]!))
        assert.ok(value > 3 && value < 70, `${name} of ${labels['pod']}: ${value}`)
  })

  it('show a pod that is killed for memory', () => {
    world.inject('memory', 'Deployment/api')
    run(60)
    assert.equal(valueOf('pod_oomkilled_state', { pod: 'api' }), 1)
    assert.ok(valueOf('pod_oom_events', { pod: 'api' })! >= 1)
    assert.equal(valueOf('pod_crashloopbackoff', { pod: 'api' }), 1)
    assert.ok(valueOf('pod_container_restarts', { pod: 'api' })! >= 1)
    assert.ok(valueOf('deployment_replicas_available_ratio', { deployment: 'api' })! < 1)
  })

  it('show a bad image, and a node that is gone', () => {
    world.inject('bad-image', 'StatefulSet/cart')
    world.inject('node-not-ready', 'Node/node-3')
    run(90)
    assert.equal(valueOf('pod_imagepullbackoff', { pod: 'cart-2' }), 1)
    assert.equal(valueOf('node_not_ready', { node: 'node-3' }), 1)
    assert.equal(valueOf('node_not_ready', { node: 'node-1' }), 0)
    assert.equal(ask(QUERIES['node_load_high']!).length, 2)
  })

  it('drop the series of a pod with the pod', () => {
    const [pod] = world.podsOf('worker')
    world.objects.remove(RESOURCES.Pod, 'shop', pod?.metadata?.name ?? '')
    run(10)
    assert.deepEqual(ask(`{pod="${pod?.metadata?.name}"}`), [])
    assert.equal(world.objects.list<Pod>(RESOURCES.Pod).length, PODS)
  })

  it('show more load in the afternoon than at night', () => {
    const coresAt = (hour: number) => {
      world = testWorld(3, Date.UTC(2025, 0, 6, hour))
      store = createSeriesStore(3_600_000)
      world.apply(...demoManifests())
      run(180)
      return ask('sum(rate(container_cpu_usage_seconds_total{container="web"}[2m]))')[0]?.value ?? 0
    }
    const [night, afternoon] = [coresAt(2), coresAt(14)]
    assert.ok(
      night > 0 && night < afternoon * 0.6,
      `${night} at two in the night, ${afternoon} at two in the afternoon`,
    )
  })
})
