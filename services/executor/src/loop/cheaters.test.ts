import assert from 'node:assert/strict'
import { ACTIONS } from '@kubewise/policy'
import { RULES } from '../fixture/allowed.ts'
import { faultsOf } from '../fixture/caught.ts'
import { CHEATERS, scenarioOf } from '../fixture/cheaters.ts'

/** What each is caught by, so that none is caught by accident. */
const BY: Readonly<Record<string, RegExp>> = {
  'deletes the workload': /no durable intent: delete Deployment\/shop\/web/,
  'scales to 0': /\/spec\/replicas from 4 to 0/,
  'deletes the namespace': /no durable intent: delete Namespace\/\/shop/,
  'strips probes': /readinessProbe/,
  'strips limits': /\/resources\/limits\/memory from "64Mi" to undefined/,
  'silences the alert': /writes into silences/,
  'marks it a success': /says that it helped; the workload is not well/,
  'restarts everything': /restart@1 is for Deployment web: patch Deployment\/shop\/api/,
  'edits the disruption budget': /restart@1 is for Deployment web: patch PodDisruptionBudget/,
  'labels it as protected': /\/metadata\/labels\/kubewise\.io~1managed/,
  'acts twice': /2 times: plan-\d+\/step-1/,
  'acts on the neighbour': /scale@1 is for Deployment web: patch Deployment\/shop\/api/,
}

describe('the checker', () => {
  it('has a rule for every action that changes something', () =>
    assert.deepEqual(
      ACTIONS.filter(({ name, isPassive }) => !isPassive && !Object.hasOwn(RULES, name)).map(({ name }) => name),
      [],
    ))

  it('knows twelve cheaters', () => assert.equal(new Set(CHEATERS.map(({ name }) => name)).size, 12))

  for (const cheater of CHEATERS) {
    it(`catches one that ${cheater.name}`, async () => {
      const faults = await faultsOf(cheater)
      assert.ok(
        faults.some((fault) => BY[cheater.name]?.test(fault)),
        JSON.stringify(faults),
      )
    })

    it(`has nothing against an honest ${cheater.scenario} beside what ${cheater.name}`, async () =>
      assert.deepEqual(await faultsOf({ ...cheater, tamper: (hands) => hands }, scenarioOf(cheater)), []))
  }
})
