import assert from 'node:assert/strict'
import { RESOURCES, type KubernetesObject } from '@kubewise/kube'
import { ApiStatus } from '../../objects/api-status.ts'
import { matchesFields, parseFieldSelector } from './field-selector.ts'
import { matchesLabels, parseLabelSelector, requirementsOf } from './label-selector.ts'

const isBadRequest = (error: unknown) => error instanceof ApiStatus && error.code === 400

describe('label selector', () => {
  const labels = { app: 'web', tier: 'front', size: '7', 'example.io/team': 'a' }
  for (const [text, isMatch] of [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app!=web', false],
    ['absent!=web', true],
    ['app in (web, api)', true],
    ['app in (api)', false],
    ['app notin (api,db)', true],
    ['app', true],
    ['!app', false],
    ['!absent', true],
    ['example.io/team=a', true],
    ['app=web,tier in (front,back),!absent', true],
    ['app=web,tier=back', false],
    ['size>5', true],
    ['size<5', false],
    ['app=', false],
  ] as const) {
    it(`${JSON.stringify(text)} ${isMatch ? 'selects' : 'does not select'}`, () => {
      assert.equal(matchesLabels(parseLabelSelector(text), labels), isMatch)
    })
  }

  for (const text of ['a b', 'a in', 'a in (b', '=b', 'a=b c']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseLabelSelector(text), isBadRequest))
  }

  it('reads the form that objects carry', () => {
    const requirements = requirementsOf({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['back'] },
        { key: 'size', operator: 'Exists' },
        { key: 'gone', operator: 'DoesNotExist' },
      ],
    })
    assert.ok(matchesLabels(requirements, labels))
    assert.ok(!matchesLabels(requirements, { app: 'web' }))
  })

  it('selects nothing by a label that is only inherited', () => {
    assert.ok(!matchesLabels(parseLabelSelector('toString'), {}))
  })
})

describe('field selector', () => {
  const pod: KubernetesObject & { spec: object; status: object } = {
    metadata: { name: 'a', namespace: 'shop' },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running' },
  }
  for (const [text, isMatch] of [
    ['metadata.name=a', true],
    ['metadata.name!=a', false],
    ['status.phase=Running,spec.nodeName=node-1', true],
    ['status.phase!=Running', false],
    ['spec.nodeName=', false],
    ['spec.hostNetwork=false', true],
  ] as const) {
    it(`${text} ${isMatch ? 'selects' : 'does not select'}`, () => {
      assert.equal(matchesFields(RESOURCES.Pod, parseFieldSelector(RESOURCES.Pod, text), pod), isMatch)
    })
  }

  it('refuses fields that a kind cannot be selected by', () => {
    assert.throws(() => parseFieldSelector(RESOURCES.Pod, 'spec.replicas=1'), isBadRequest)
    assert.throws(() => parseFieldSelector(RESOURCES.Deployment, 'status.phase=1'), isBadRequest)
    assert.throws(() => parseFieldSelector(RESOURCES.Pod, 'nonsense'), isBadRequest)
  })
})
