import assert from 'node:assert/strict'
import { Alerts, YOUNG_ENTITY_BUDGET, type AlertMemberState, type BudgetGroupState } from './index.ts'

const MINUTE = 60_000

/** Scores of a quiet entity with an incident of half an hour each third day. */
function scoreAt(minute: number): number {
  const isIncident = minute % 4320 > 4200 && minute % 4320 <= 4230
  return isIncident ? 4 : 0.4 + 0.3 * Math.abs(Math.sin(minute * 1.7)) ** 9
}

function workload(): { alerts: Alerts; group: number; member: number } {
  const alerts = new Alerts(YOUNG_ENTITY_BUDGET)
  const group = alerts.addGroup(alerts.addGroup())
  return { alerts, group, member: alerts.add(group) }
}

describe('Alerts', () => {
  it('tell each incident once, and nothing else', () => {
    const { alerts, member } = workload()
    const onsets: number[] = []
    for (let minute = 0; minute < 9 * 1440; minute++)
      if (alerts.learn(member, minute * MINUTE, scoreAt(minute)).isOnset) onsets.push(minute)
    assert.deepEqual(onsets, [4201, 8521, 12841])
  })
  it('stay silent below the factor that a rollout or the guard asks for', () => {
    const { alerts, member } = workload()
    const { theta } = alerts.learn(member, 0, 0)
    assert.equal(alerts.learn(member, MINUTE, 1.2 * theta, 1.5).isOnset, false)
    assert.equal(alerts.learn(member, 2 * MINUTE, 1.6 * theta, 1.5).isOnset, true)
  })
  it('judge a new member as its group', () => {
    const { alerts, group, member } = workload()
    for (let minute = 0; minute < 5 * 1440; minute++) alerts.learn(member, minute * MINUTE, 3 + (minute % 61) / 61)
    assert.equal(alerts.learn(alerts.add(group), 0, 3.5).isAbove, false)
    alerts.reset(member, alerts.addGroup())
    assert.equal(alerts.learn(member, 0, 3.5).isOnset, true)
    assert.ok(alerts.daysBetween(group, 3.2) < alerts.daysBetween(group, 5))
  })
  it('go on after a restore to the bit', () => {
    const whole = workload()
    const first = workload()
    const second = workload()
    for (let minute = 0; minute < 6 * 1440; minute++) {
      if (minute === 4210) {
        for (const group of [0, 1])
          second.alerts.restoreGroup(
            group,
            JSON.parse(JSON.stringify(first.alerts.stateOfGroup(group))) as BudgetGroupState,
          )
        second.alerts.restore(0, JSON.parse(JSON.stringify(first.alerts.stateOf(0))) as AlertMemberState)
      }
      const part = minute < 4210 ? first : second
      assert.deepEqual(
        part.alerts.learn(0, minute * MINUTE, scoreAt(minute)),
        whole.alerts.learn(0, minute * MINUTE, scoreAt(minute)),
      )
    }
  })
  it('refuse what is no score', () => {
    const { alerts, member } = workload()
    assert.throws(() => alerts.learn(member, 0, -1), /score: expected a finite number of 0 or more, got -1/)
  })
})
