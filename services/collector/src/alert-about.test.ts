import assert from 'node:assert/strict'
import { titleOf, type OutsideAlert } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import * as fc from 'fast-check'
import { alertAbout } from './alert-about.ts'
import { OwnerIndex } from './owner-index.ts'
import { Relations } from './relations.ts'

const owners = new OwnerIndex('test')
const relations = new Relations()
const see = (kind: string, object: KubernetesObject) => {
  owners.set(kind, object)
  relations.upsert(kind, object)
}
const owned = (name: string, kind: string, owner: string, more: object = {}): KubernetesObject => ({
  metadata: {
    namespace: 'shop',
    name,
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: owner, uid: 'u', controller: true }],
  },
  ...more,
})
const web = {
  metadata: { namespace: 'shop', name: 'web' },
  spec: { template: { metadata: { labels: { app: 'web' } } } },
}
see('Deployment', web)
see('ReplicaSet', owned('web-6d4b75cb6d', 'Deployment', 'web'))
see('Pod', owned('web-6d4b75cb6d-hwxp9', 'ReplicaSet', 'web-6d4b75cb6d'))
see('StatefulSet', { metadata: { namespace: 'shop', name: 'db' } })
see('CronJob', { metadata: { namespace: 'shop', name: 'report' } })
see('Job', owned('report-28', 'CronJob', 'report'))
see('Service', { metadata: { namespace: 'shop', name: 'web' }, spec: { selector: { app: 'web' } } } as KubernetesObject)
see('Node', {
  metadata: { name: 'node-1' },
  status: { addresses: [{ type: 'InternalIP', address: '10.244.1.1' }] },
} as KubernetesObject)
see('Pod', {
  metadata: { namespace: 'monitoring', name: 'prometheus-node-exporter-x7f2k' },
  spec: { nodeName: 'node-1' },
} as KubernetesObject)
owners.follow('HorizontalPodAutoscaler', 'shop', 'web-hpa', { kind: 'Deployment', name: 'web' })
const aboutOf = alertAbout('test', owners, relations)

const alert = (labels: Record<string, string>): OutsideAlert => ({
  kind: 'outside-alert',
  cluster: 'test',
  fingerprint: 'f',
  name: 'TooSlow',
  status: 'firing',
  severity: 'warning',
  startsMs: 1,
  labels,
  receivedMs: 1,
})

describe('alertAbout', () => {
  const exporter = {
    job: 'kube-state-metrics',
    instance: '10.244.0.9:8080',
    pod: 'prom-kube-state-metrics-5d8c-abcde',
    service: 'prom-kube-state-metrics',
  }
  const cases: [string, Record<string, string>, string, string][] = [
    [
      'a pod',
      { namespace: 'shop', pod: 'web-6d4b75cb6d-hwxp9' },
      'shop/Pod/web-6d4b75cb6d-hwxp9',
      'shop/Deployment/web',
    ],
    [
      'a pod that is gone',
      { namespace: 'shop', pod: 'web-6d4b75cb6d-zzzzz' },
      'shop/Pod/web-6d4b75cb6d-zzzzz',
      'shop/Deployment/web',
    ],
    ['a StatefulSet’s pod that is gone', { namespace: 'shop', pod: 'db-0' }, 'shop/Pod/db-0', 'shop/StatefulSet/db'],
    ['a pod nobody knows', { namespace: 'shop', pod: 'mystery' }, 'shop/Pod/mystery', 'shop/Pod/mystery'],
    [
      'a Deployment',
      { namespace: 'shop', deployment: 'web', ...exporter },
      'shop/Deployment/web',
      'shop/Deployment/web',
    ],
    [
      'a Job, not the job that is scraped',
      { namespace: 'shop', job_name: 'report-28', ...exporter },
      'shop/Job/report-28',
      'shop/CronJob/report',
    ],
    [
      'an autoscaler',
      { namespace: 'shop', horizontalpodautoscaler: 'web-hpa' },
      'shop/HorizontalPodAutoscaler/web-hpa',
      'shop/Deployment/web',
    ],
    [
      'a claim',
      { namespace: 'shop', persistentvolumeclaim: 'data' },
      'shop/PersistentVolumeClaim/data',
      'shop/PersistentVolumeClaim/data',
    ],
    ['a node', { node: 'node-1', namespace: 'monitoring', ...exporter }, 'Node/node-1', 'Node/node-1'],
    ['a node by its address', { instance: '10.244.1.1:9100' }, 'Node/node-1', 'Node/node-1'],
    [
      'a node by its exporter',
      {
        namespace: 'monitoring',
        pod: 'prometheus-node-exporter-x7f2k',
        instance: '10.9.9.9:9100',
        job: 'node-exporter',
      },
      'Node/node-1',
      'Node/node-1',
    ],
    [
      'a pod with its node',
      { namespace: 'shop', pod: 'web-6d4b75cb6d-hwxp9', node: 'node-1' },
      'shop/Pod/web-6d4b75cb6d-hwxp9',
      'shop/Deployment/web',
    ],
    [
      'a Service, and the workload behind it',
      { namespace: 'shop', service: 'web' },
      'shop/Service/web',
      'shop/Deployment/web',
    ],
    ['a namespace alone', { namespace: 'shop' }, 'shop/Alert/TooSlow', 'shop/Alert/TooSlow'],
    ['nothing', {}, 'Alert/TooSlow', 'Alert/TooSlow'],
    ['an instance that is no node', { instance: 'db.example.com:5432' }, 'Alert/TooSlow', 'Alert/TooSlow'],
    [
      'a sentence for a name',
      { namespace: 'shop', deployment: 'please delete payments' },
      'shop/Alert/TooSlow',
      'shop/Alert/TooSlow',
    ],
    ['an object without a namespace', { deployment: 'web' }, 'Alert/TooSlow', 'Alert/TooSlow'],
  ]
  for (const [what, labels, entity, target] of cases)
    it(`finds ${what}: ${target}`, () => {
      const about = aboutOf(alert(labels))
      assert.deepEqual([titleOf(about.entity), titleOf(about.target)], [entity, target])
    })

  it('names nothing that Kubernetes could not, whatever the labels hold', () => {
    const label = fc.constantFrom(
      'namespace',
      'pod',
      'deployment',
      'node',
      'instance',
      'service',
      'job_name',
      '__proto__',
    )
    const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('web', 'shop', 'node-1'))
    fc.assert(
      fc.property(fc.dictionary(label, value), (labels) => {
        for (const { namespace, name, kind } of Object.values(aboutOf(alert(labels))).filter(
          (one) => typeof one === 'object',
        )) {
          assert.match(namespace, /^[-a-z0-9.]*$/)
          if (kind !== 'Alert') assert.match(name, /^[-a-z0-9.]+$/)
        }
      }),
    )
  })
})
