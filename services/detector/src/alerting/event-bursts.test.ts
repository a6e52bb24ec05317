import assert from 'node:assert/strict'
import { keyOf, type KubernetesEvent } from '@kubewise/contracts'
import { event, T0, web } from '../signals.test-data.ts'
import { EventBursts } from './event-bursts.ts'

const MINUTE = 60_000

/** Decades of a workload, so many of whose pods have each had an Event a minute. */
function decadesOf(pods: number): number {
  const bursts = new EventBursts()
  for (let minute = 1; minute <= 50; minute++)
    for (let i = 0; i < pods; i++)
      bursts.observe({ ...(event('Unhealthy', minute) as KubernetesEvent), uid: `event-${i}` }, T0 + minute * MINUTE)
  return bursts.decadesOf(keyOf(web), T0 + 50 * MINUTE)
}

describe('EventBursts', () => {
  it('counts what is new of each Event, of however many objects', () => {
    const [few, many] = [decadesOf(16), decadesOf(17)]
    assert.ok(Math.abs(many - few) < 1, `${few} decades for 16 pods, ${many} for 17`)
  })
})
