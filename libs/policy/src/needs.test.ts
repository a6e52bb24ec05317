import assert from 'node:assert/strict'
import { needsOf, sayNeed } from './needs.ts'

const object = (kind: string, name = 'web') => ({ cluster: 'c', kind, namespace: 'shop', name })

describe('what steps need of RBAC', () => {
  it('is told once each, where it is needed', () => {
    const steps = [
      { action: 'restart@1', object: object('StatefulSet') },
      { action: 'scale@1', object: object('StatefulSet') },
      { action: 'evict-pod@1', object: object('Pod', 'web-0') },
      { action: 'escalate@1', object: object('StatefulSet') },
    ]
    assert.deepEqual(needsOf(steps).map(sayNeed), [
      'get statefulsets.apps in shop',
      'patch statefulsets.apps in shop',
      'list pods in shop',
      'get pods in shop',
      'create pods/eviction in shop',
    ])
  })

  it('is nothing for an action that is not known, and has no namespace where there is none', () => {
    assert.deepEqual(needsOf([{ action: 'no-such@1', object: object('Pod') }]), [])
    const [need] = needsOf([{ action: 'restart@1', object: { ...object('Deployment'), namespace: '' } }])
    assert.equal(need && sayNeed(need), 'get deployments.apps')
  })
})
