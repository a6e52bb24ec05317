import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { Facts } from '@kubewise/contracts'
import { DEFAULT_LIMITS, harmOf } from '@kubewise/policy'
import { factsOf } from '../context/facts.ts'
import { contextOf, signal, type World } from '../fixture/context.ts'
import { crashing, killedTwice, memoryKill, rollout, settled } from '../fixture/worlds.ts'
import { candidatesOf, stepOf, type Situation } from './candidates.ts'

const installation = { mode: 'auto' as const, protectedNamespaces: ['kube-system'], limits: {} }
const ground = { settings: undefined, limits: DEFAULT_LIMITS, kill: [], running: [] }

function situationIn(world: World, given: Partial<Facts> = {}, rest: Partial<Situation> = {}): Situation {
  const context = contextOf(world)
  return { context, facts: { ...factsOf(context, DEFAULT_LIMITS), ...given }, ground, installation, ...rest }
}
const told = (situation: Situation) =>
  candidatesOf(situation).map(
    ({ id, action, object, with: given }) => `${id} ${action.name} ${object.kind} ${JSON.stringify(given)}`,
  )

const hanging = settled([{ ready: false }, {}, {}], { signals: [signal('pod-not-ready', 'web-0')] })
const allHang = settled([{ ready: false }, { ready: false }, { ready: false }])
const kill = (value: string | undefined) => ({
  ...ground,
  kill: [{ channel: 'bus', state: { isKnown: true as const, value } }],
})
const eviction = 'c1 evict-pod@1 Pod {"pod":"web-0","uid":"uid-web-0"}'

describe('the candidates of an incident', () => {
  const cases: [string, Situation, string[]][] = [
    [
      'of a release that crashes: going back',
      situationIn(rollout(crashing)),
      ['c1 rollback@1 Deployment {"toRevision":1}'],
    ],
    ['of a pod that hangs: that pod, and no other', situationIn(hanging), [eviction]],
    [
      'of a limit that is too low: a bounded raise',
      situationIn(settled([killedTwice, {}, {}], { features: memoryKill, signals: [signal('memory-kill', 'web-0')] })),
      ['c1 set-resources@1 Deployment {"container":"app","memoryLimit":"96Mi"}'],
    ],
    ['of a target that is well: none', situationIn(settled([{}, {}, {}])), []],
    [
      'of one that is well, whatever an alert on it is called: none',
      situationIn(
        settled([{}, {}, {}], {
          signals: [signal('outside-alert', undefined, { source: 'alert' })],
          features: { 'outside-alert': { alert: 'SecretRotated' } },
        }),
      ),
      [],
    ],
    [
      'in observe: the same, for the record',
      situationIn(hanging, {}, { installation: { ...installation, mode: 'observe' } }),
      [eviction],
    ],
    ['where nobody opted in: none', situationIn({ ...hanging, namespace: { metadata: { name: 'shop' } } }), []],
    [
      'in a protected namespace: none',
      situationIn(hanging, {}, { installation: { ...installation, protectedNamespaces: ['shop'] } }),
      [],
    ],
    ['while the kill switch is set: none', situationIn(hanging, {}, { ground: kill('a person') }), []],
    ['while it is not: as ever', situationIn(hanging, {}, { ground: kill(undefined) }), [eviction]],
    [
      'where pods are not admitted: none',
      situationIn(hanging, { creation: { refused: true, reason: 'quota', by: 'compute', ageSeconds: 5 } }),
      [],
    ],
  ]
  for (const [what, situation, expected] of cases) it(what, () => assert.deepEqual(told(situation), expected))

  it('that leave a number open say its bounds, and hold at both ends', () => {
    const budget = { exists: true, disruptionsAllowed: 0, deadlocked: true }
    const [scale, ...others] = candidatesOf(situationIn(settled([{}, {}, {}]), { budget }))
    assert.deepEqual(
      [scale?.action.name, scale?.bounds, others.length],
      ['scale@1', { replicas: { min: 4, max: 5 } }, 0],
    )
    assert.deepEqual(stepOf(scale!, { replicas: 5 }).with, { replicas: 5 })
  })

  it('are the same whatever the order in which pods are read, and none of them is one that a rule refuses', () => {
    const { pods = [] } = allHang
    const expected = told(situationIn(allHang))
    assert.ok(expected.length > 1)
    fc.assert(
      fc.property(fc.shuffledSubarray([...pods], { minLength: pods.length }), (shuffled) => {
        const situation = situationIn({ ...allHang, pods: shuffled })
        assert.deepEqual(told(situation), expected)
        for (const { action, with: given } of candidatesOf(situation))
          assert.equal(harmOf(action.name, given, situation.facts), undefined)
      }),
      { numRuns: 20 },
    )
  })
})
