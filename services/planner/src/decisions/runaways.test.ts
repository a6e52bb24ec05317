import assert from 'node:assert/strict'
import { signal, type World } from '../fixture/context.ts'
import { pod, type PodOptions } from '../fixture/objects.ts'
import { told, onlySet, settled, runaway, outlier, rollout, crashing } from '../fixture/worlds.ts'

describe('a runaway', () => {
  const evicted = 'plan evict-runaway-replica evict-pod@1 {"pod":"web-0","uid":"uid-web-0"}'
  const of = (pods: PodOptions[], rest: Partial<World> = {}) =>
    settled(pods, { signals: [outlier], features: runaway, ...rest })
  const cases: [string, World, string][] = [
    ['alone among its siblings', of([{}, {}, {}]), evicted],
    ['among siblings that cannot run', of([{}, { ...crashing }, {}]), 'escalate crash-unexplained'],
    [
      'in a rollout',
      {
        ...rollout({ readySeconds: 20 }),
        signals: [signal('sibling-outlier', 'a', { source: 'metric' })],
        features: runaway,
      },
      'no-action rollout-in-progress',
    ],
    [
      'one of two',
      of([{}, {}, {}], { signals: [outlier, signal('sibling-outlier', 'web-1', { source: 'metric' })] }),
      'escalate several-runaways',
    ],
    [
      'that is gone by now',
      of([{}, {}], {
        pods: [pod(onlySet, 'h1', { name: 'x' }), pod(onlySet, 'h1', { name: 'y' }), pod(onlySet, 'h1', { name: 'z' })],
      }),
      'close recovered',
    ],
    [
      'barely above its siblings',
      of([{}, {}, {}], { features: { 'sibling-outlier': { value: 60, siblings: 30, ratio: 2 } } }),
      'no-action already-recovered',
    ],
  ]
  for (const [what, world, expected] of cases) it(`${what} → ${expected}`, () => assert.equal(told(world), expected))
})
