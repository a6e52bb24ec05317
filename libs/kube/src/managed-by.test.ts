import assert from 'node:assert/strict'
import { managerOf } from './managed-by.ts'
import type { ObjectMeta } from './objects.ts'

describe('managerOf', () => {
  const cases: [what: string, metadata: ObjectMeta, expected: string | undefined][] = [
    ['nobody', {}, undefined],
    [
      'Argo CD by its tracking id',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } },
      'argo-cd shop',
    ],
    ['Argo CD by its own label', { labels: { 'argocd.argoproj.io/instance': 'shop' } }, 'argo-cd shop'],
    [
      'Argo CD by the common label and its annotations',
      { labels: { 'app.kubernetes.io/instance': 'shop' }, annotations: { 'argocd.argoproj.io/sync-wave': '1' } },
      'argo-cd shop',
    ],
    [
      'Argo CD by the common label and who wrote',
      { labels: { 'app.kubernetes.io/instance': 'shop' }, managedFields: [{ manager: 'argocd-controller' }] },
      'argo-cd shop',
    ],
    [
      'Flux, a Kustomization',
      {
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
      },
      'flux flux-system/apps',
    ],
    [
      'Flux, a HelmRelease',
      { labels: { 'helm.toolkit.fluxcd.io/name': 'web', 'helm.toolkit.fluxcd.io/namespace': 'shop' } },
      'flux shop/web',
    ],
    [
      'an operator',
      { ownerReferences: [{ apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', name: 'k8s', uid: 'u' }] },
      'operator Prometheus/k8s',
    ],
    [
      'only its own controller',
      { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', uid: 'u', controller: true }] },
      undefined,
    ],
    [
      'Helm alone, which looks never again',
      {
        labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'shop' },
        annotations: { 'meta.helm.sh/release-name': 'shop' },
      },
      undefined,
    ],
  ]
  for (const [what, metadata, expected] of cases) {
    it(`sees ${what}`, () => {
      const manager = managerOf({ metadata })
      assert.equal(manager && `${manager.by} ${manager.name}`, expected)
    })
  }
})
