import assert from 'node:assert/strict'
import type { LimitRange, Pod, ResourceQuota } from '@kubewise/kube'
import { known, unknown } from '@kubewise/policy'
import { arrival, shortly, templateWith } from '../fixture/evaluation.ts'
import { placeOf } from '../fixture/place.ts'
import { checkQuota } from './quota.ts'

const quota = (
  hard: Record<string, string>,
  used: Record<string, string>,
  spec: ResourceQuota['spec'] = {},
): ResourceQuota => ({
  metadata: { name: 'team' },
  spec: { hard, ...spec },
  status: { hard, used },
})
const asks = (requests: Record<string, string>, limits: Record<string, string> = {}) =>
  templateWith({}, { resources: { requests, limits } })
const podOf = (requests: Record<string, string>): Pod => ({ ...asks(requests), metadata: { uid: 'gone' } })
const defaults: LimitRange = {
  spec: { limits: [{ type: 'Container', default: { memory: '64Mi' }, defaultRequest: { memory: '32Mi' } }] },
}

describe('the quota check', () => {
  const rows: [string, ResourceQuota, Parameters<typeof arrival>[0], LimitRange[], string][] = [
    ['room for one more', quota({ pods: '3' }, { pods: '2' }), {}, [], 'passed'],
    ['no room for one more', quota({ pods: '3' }, { pods: '3' }), {}, [], 'refused quota-exceeded'],
    ['room for one of two', quota({ pods: '3' }, { pods: '2' }), { count: 2 }, [], 'refused quota-exceeded'],
    ['full, and one goes first', quota({ pods: '3' }, { pods: '3' }), { leaving: [podOf({})] }, [], 'passed'],
    [
      'over, even once one has gone',
      quota({ 'count/pods': '2' }, { 'count/pods': '3' }),
      { leaving: [podOf({})] },
      [],
      'refused quota-exceeded',
    ],
    [
      'memory to the last byte',
      quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '960Mi' }),
      { template: asks({ memory: '64Mi' }) },
      [],
      'passed',
    ],
    [
      'memory by one byte',
      quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '960Mi' }),
      { template: asks({ memory: '67108865' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'cpu, which means its requests',
      quota({ cpu: '1' }, { cpu: '900m' }),
      { template: asks({ cpu: '200m' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'a limit that stands for the request',
      quota({ memory: '1Gi' }, { memory: '1Gi' }),
      { template: asks({}, { memory: '64Mi' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'limits',
      quota({ 'limits.memory': '1Gi' }, { 'limits.memory': '1000Mi' }),
      { template: asks({}, { memory: '64Mi' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'a bound that the pod does not name',
      quota({ 'limits.cpu': '8' }, { 'limits.cpu': '0' }),
      { template: asks({}) },
      [],
      'refused quota-exceeded',
    ],
    [
      'a bound that a LimitRange names for it',
      quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '0' }),
      { template: asks({}) },
      [defaults],
      'passed',
    ],
    [
      'what a LimitRange asks for it',
      quota({ 'requests.memory': '40Mi' }, { 'requests.memory': '16Mi' }),
      { template: asks({}) },
      [defaults],
      'refused quota-exceeded',
    ],
    [
      'an extended resource',
      quota({ 'requests.nvidia.com/gpu': '1' }, { 'requests.nvidia.com/gpu': '1' }),
      { template: asks({ 'nvidia.com/gpu': '1' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'volumes and objects of other kinds',
      quota(
        { 'requests.storage': '1Gi', 'count/secrets': '1', services: '1' },
        { 'requests.storage': '1Gi', 'count/secrets': '1', services: '1' },
      ),
      {},
      [],
      'passed',
    ],
    ['a full quota of jobs’ pods', quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] }), {}, [], 'passed'],
    [
      'a full quota of lasting pods',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['NotTerminating'] }),
      {},
      [],
      'refused quota-exceeded',
    ],
    [
      'a full quota of pods that ask for nothing',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort'] }),
      { template: asks({ cpu: '1m' }) },
      [],
      'passed',
    ],
    [
      'one of pods that ask for something',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['NotBestEffort'] }),
      { template: asks({ cpu: '1m' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'another class’s',
      quota(
        { pods: '0' },
        { pods: '0' },
        { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
      ),
      {},
      [],
      'passed',
    ],
    [
      'its own class’s',
      quota(
        { pods: '0' },
        { pods: '0' },
        { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
      ),
      { template: templateWith({ priorityClassName: 'high' }) },
      [],
      'refused quota-exceeded',
    ],
    [
      'a scope that is not known here',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['VolumeAttributesClass'] }),
      {},
      [],
      'unknown',
    ],
  ]
  for (const [given, of, change, ranges, expected] of rows)
    it(`${given}: ${expected}`, () => {
      const around = placeOf([], { quotas: known([of]), limitRanges: known(ranges) })
      assert.equal(shortly(checkQuota([arrival(change)], around)), expected)
    })

  it('says how much is in use of how much', () => {
    const around = placeOf([], { quotas: known([quota({ pods: '3' }, { pods: '3' })]) })
    assert.equal(checkQuota([arrival()], around).say, 'The quota team has 3 of 3 pods in use; 1 more would be needed.')
  })

  it('does not know what it cannot read', () => {
    const around = placeOf([], { quotas: unknown('forbidden') })
    assert.equal(shortly(checkQuota([arrival()], around)), 'unknown not-readable')
  })
})
