import assert from 'node:assert/strict'
import { signal, type World } from '../fixture/context.ts'
import { template, deployment, replicaSet, pod } from '../fixture/objects.ts'
import {
  told,
  oldSet,
  settled,
  oom,
  killedTwice,
  memoryKill,
  backToOne,
  rollout,
  oldPods,
  crashing,
  death,
} from '../fixture/worlds.ts'

describe('memory', () => {
  const raised = (limit: string) =>
    `plan raise-memory-limit set-resources@1 {"container":"app","memoryLimit":"${limit}"}`
  const kill = { signals: [signal('memory-kill', 'web-0')], features: memoryKill }
  const at = (memory: string, originals: string): Partial<World> => {
    const now = template({ image: 'web:1', memory })
    const target = deployment(now)
    const record = {
      _id: 'x',
      version: 1,
      target: { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web' },
      epoch: 1,
      coolingUntilMs: 0,
      failures: 0,
      actedMs: [],
    }
    return {
      target,
      children: [replicaSet(target, 2, now, { wanted: 3 })],
      targetRecord: {
        ...record,
        originals: { 'app/memory': originals },
        originalsOf: 'incident-1',
      },
    }
  }
  const lowered = template({ image: 'web:2', memory: '32Mi' })
  const cut = deployment(lowered, { status: { updatedReplicas: 1, replicas: 4, availableReplicas: 3 } })
  const cutSet = replicaSet(cut, 2, lowered, { wanted: 1, ready: 0, ageSeconds: 90 })

  const cases: [string, World, string][] = [
    ['kills again and again under steady use', settled([killedTwice, {}, {}], kill), raised('96Mi')],
    [
      'killed once, which is no pattern yet',
      settled([{ waiting: 'CrashLoopBackOff', restarts: 1, last: oom(3) }, {}, {}]),
      'wait watching',
    ],
    [
      'killed a pod of a new release once',
      rollout({ waiting: 'CrashLoopBackOff', restarts: 1, last: oom(3) }),
      'wait watching',
    ],
    [
      'kills, as two deaths in the status show by themselves',
      settled([{ dead: oom(1), last: oom(22), restarts: 1 }]),
      raised('96Mi'),
    ],
    [
      'killed twice, and the pod runs just now',
      settled([{ restarts: 2, last: oom(20), runningSeconds: 18 }, {}, {}], kill),
      raised('96Mi'),
    ],
    ['still kills after a raise', settled([killedTwice], { ...kill, ...at('96Mi', '64Mi') }), raised('144Mi')],
    [
      'still kills at four times the limit',
      settled([killedTwice], { ...kill, ...at('256Mi', '64Mi') }),
      'escalate memory-limit-bound',
    ],
    [
      'grows until it kills',
      settled([killedTwice], { ...kill, features: { 'memory-kill': { container: 'app', kills: 2, steady: false } } }),
      'escalate memory-leak',
    ],
    [
      'kills a new release that has the limit of the old one',
      { ...rollout(killedTwice), features: memoryKill, signals: [signal('memory-kill', 'new')] },
      raised('96Mi'),
    ],
    [
      'kills a new release that lowered the limit',
      {
        target: cut,
        children: [oldSet, cutSet],
        pods: [...oldPods, pod(cutSet, 'h2', { name: 'new', ageSeconds: 90, ...killedTwice })],
        signals: [signal('memory-kill', 'new')],
        features: memoryKill,
      },
      backToOne,
    ],
    [
      'kills a new release that lowered the limit, and it runs just now',
      {
        target: cut,
        children: [oldSet, cutSet],
        pods: [
          ...oldPods,
          pod(cutSet, 'h2', { name: 'new', ageSeconds: 90, restarts: 1, last: oom(20), runningSeconds: 19 }),
        ],
        signals: [signal('memory-kill', 'new')],
        features: memoryKill,
      },
      'plan rollback-lowered-memory rollback@1 {"toRevision":1}',
    ],
    [
      'exit 137 without a kill for memory, from a failing probe',
      settled([{ ...crashing, last: { ...death, exitCode: 137 } }]),
      'escalate crash-unexplained',
    ],
  ]
  for (const [what, world, expected] of cases) it(`${what} → ${expected}`, () => assert.equal(told(world), expected))
})
