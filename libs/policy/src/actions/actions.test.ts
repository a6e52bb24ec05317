import assert from 'node:assert/strict'
import { ACTION_ALIASES, type Parameters } from '@kubewise/contracts'
import { rbacFor } from '../rbac.ts'
import { ACTIONS, actionNamed, isPassivePlan } from './index.ts'

describe('the action catalogue', () => {
  it('names each action once, as name@version', () => {
    assert.equal(new Set(ACTIONS.map(({ name }) => name)).size, ACTIONS.length)
    for (const { name } of ACTIONS) assert.match(name, /^[a-z][a-z-]*@[1-9][0-9]*$/)
  })

  it('knows the original’s names', () => {
    for (const [alias, name] of Object.entries(ACTION_ALIASES)) assert.equal(actionNamed(alias)?.name, name, alias)
  })

  for (const name of ['rollback@2', 'rollback', 'delete-namespace@1', '', '__proto__', 'constructor'])
    it(`does not know ${name || 'nothing'}`, () => assert.equal(actionNamed(name), undefined))

  const parameters: [string, string, Parameters, boolean][] = [
    ['a revision', 'rollback@1', { toRevision: 6 }, true],
    ['revision 0, which would be "the previous"', 'rollback@1', { toRevision: 0 }, false],
    ['no revision', 'rollback@1', {}, false],
    ['a revision as text', 'rollback@1', { toRevision: '6' }, false],
    ['a memory limit', 'set-resources@1', { container: 'app', memoryLimit: '192Mi' }, true],
    ['both limits', 'set-resources@1', { container: 'app', memoryLimit: '1.5Gi', cpuLimit: '250m' }, true],
    ['no limit', 'set-resources@1', { container: 'app' }, false],
    ['a limit of nothing', 'set-resources@1', { container: 'app', memoryLimit: '0Mi' }, false],
    ['a limit below nothing', 'set-resources@1', { container: 'app', memoryLimit: '-1Mi' }, false],
    ['a limit that is no quantity', 'set-resources@1', { container: 'app', memoryLimit: 'unlimited' }, false],
    ['a pod with its uid', 'evict-pod@1', { pod: 'web-1', uid: 'u' }, true],
    ['a pod without its uid', 'evict-pod@1', { pod: 'web-1' }, false],
    ['nothing to say', 'restart@1', {}, true],
    ['something to restart by', 'restart@1', { force: true }, false],
    ['three replicas', 'scale@1', { replicas: 3 }, true],
    ['no replicas', 'scale@1', { replicas: 0 }, false],
    ['half a replica', 'scale@1', { replicas: 1.5 }, false],
    ['a higher maximum', 'set-autoscaler-maximum@1', { autoscaler: 'web', uid: 'u', maxReplicas: 6 }, true],
    ['a maximum of whom', 'set-autoscaler-maximum@1', { maxReplicas: 6 }, false],
    ['a maximum of one', 'set-autoscaler-maximum@1', { autoscaler: 'web', uid: 'u', maxReplicas: 1 }, false],
    ['a size', 'expand-volume@1', { size: '15Gi' }, true],
    ['a size of nothing', 'expand-volume@1', { size: '0Gi' }, false],
    ['a part of a byte', 'expand-volume@1', { size: '1500m' }, false],
    ['nothing more', 'cordon@1', {}, true],
    ['another node', 'cordon@1', { node: 'other' }, false],
    ['a pod to delete with its uid', 'delete-pod@1', { pod: 'web-1', uid: 'u' }, true],
    ['a pod to delete without it', 'delete-pod@1', { pod: 'web-1' }, false],
    ['ten pods that ended', 'delete-finished-pods@1', { atMost: 10 }, true],
    ['however many pods', 'delete-finished-pods@1', {}, false],
    ['more pods than a hundred', 'delete-finished-pods@1', { atMost: 101 }, false],
    ['a Job with its uid', 'rerun-job@1', { job: 'report', uid: 'u' }, true],
    ['any Job', 'rerun-job@1', {}, false],
    ['no data to lose', 'drain@1', {}, true],
    ['emptyDirs that may go', 'drain@1', { deleteEmptyDirData: true }, true],
    ['force', 'drain@1', { force: true }, false],
    ['a pod’s limit', 'resize-pod@1', { pod: 'web-1', uid: 'u', container: 'app', memoryLimit: '192Mi' }, true],
    ['a pod without a limit', 'resize-pod@1', { pod: 'web-1', uid: 'u', container: 'app' }, false],
    ['a sentence', 'escalate@1', { say: 'Look at this.' }, true],
  ]
  for (const [given, name, values, isRight] of parameters)
    it(`${name}: ${given} is ${isRight ? 'taken' : 'refused'}`, () =>
      assert.equal(actionNamed(name)?.decode(values).ok, isRight))

  it('asks for no more rights than its verbs need', () => {
    assert.deepEqual(rbacFor(ACTIONS), [
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'patch'] },
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['delete', 'get', 'list'] },
      { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
      { apiGroups: [''], resources: ['pods/resize'], verbs: ['patch'] },
      { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['get', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] },
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['get', 'patch'] },
      {
        apiGroups: ['autoscaling'],
        resources: ['horizontalpodautoscalers'],
        verbs: ['get', 'patch'],
      },
      { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['get'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'delete', 'get'] },
      { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
    ])
  })

  it('does not take an unknown action for harmless', () => {
    const step = {
      id: 'a',
      object: { cluster: 'c', kind: 'Pod', namespace: 'n', name: 'p' },
      with: {},
      needs: [],
      timeoutSeconds: 1,
      preconditions: [],
      changes: [],
    }
    assert.equal(isPassivePlan({ steps: [{ ...step, action: 'escalate@1' }], fallback: [] }), true)
    assert.equal(isPassivePlan({ steps: [{ ...step, action: 'no-such@1' }], fallback: [] }), false)
    assert.equal(isPassivePlan({ steps: [], fallback: [{ ...step, action: 'restart@1' }] }), false)
  })
})
