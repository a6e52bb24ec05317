import assert from 'node:assert/strict'
import { findNats, skipWithout } from '@kubewise/testkit'
import { startArena, type Arena } from '../chaos/executor.ts'
import { sweep, type Sweep, type Swept } from '../chaos/sweep.ts'
import { criticalPlacesOf, VICTIMS } from '../chaos/victims.ts'
import { findAuditLog } from './audit-log.ts'
import { realCluster } from './real-cluster.ts'

/** Executors mostly wait for pods and for time to pass. */
const AT_ONCE = 8

/**
 * Of each kind one victim whose executors die at every place, one after the other, so that each finds what the one before has
 * left; and at the places around a write, each death on a victim of its own too. Of a kind that also goes back, the way
 * forwards is gone there.
 */
const SWEEPS: readonly Sweep[] = VICTIMS.filter(({ isForSimulator }) => !isForSimulator).map((kind) => {
  const both = VICTIMS.find(({ name }) => name === `${kind.name}, taken back`)?.places
  const isNew = (place: string) => !both?.includes(place)
  const inARow = kind.places.filter(isNew)
  // After a death, what comes a second time comes to another process for the first time.
  const row = inARow.map((place) => place.replace('@2', ''))
  const single = criticalPlacesOf(kind).filter(isNew)
  return { kind, deaths: [row, ...single.map((place) => [place])] }
})

describe('an executor process that is killed on a real cluster', () => {
  skipWithout(findNats(), 'no nats-server on this machine')
  const kubeconfigFile = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set')
  const auditLog = skipWithout(
    kubeconfigFile && findAuditLog(kubeconfigFile),
    'the API server’s audit log is not there',
  )
  let arena: Arena | undefined
  let swept: Map<string, Promise<Swept>>
  let startedMs = 0

  before(async () => {
    arena = await startArena(await realCluster(kubeconfigFile, auditLog))
    startedMs = performance.now()
    swept = sweep(arena, SWEEPS, AT_ONCE)
  })
  after(() => arena?.[Symbol.asyncDispose]())

  for (const { kind, deaths } of SWEEPS) {
    const expected = { kills: deaths.flat().length, effects: deaths.length * kind.writes }
    it(`${expected.kills} times during ${kind.name}: each effect happens once, as the API server’s own log has it`, async () => {
      const { faults, ...figures } = (await swept.get(kind.name))!
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
      process.stdout.write(
        `${kind.name.padEnd(32)} ${deaths.length} victims, ${figures.kills} kills, ${figures.effects} effects, ${seconds} s after the start\n`,
      )
      assert.deepEqual(faults, [])
      assert.deepEqual(figures, expected)
    })
  }
})
