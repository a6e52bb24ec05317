import assert from 'node:assert/strict'
import type { AnomalyMessage } from '@kubewise/contracts'
import { Judge } from './judge.ts'

const HOUR = 3_600_000
const alert = (detectedMs: number, id: string) =>
  ({
    kind: 'anomaly',
    id,
    startedMs: detectedMs,
    detectedMs,
    explanation: { signature: id },
  }) as unknown as AnomalyMessage

describe('Judge', () => {
  it('raises all thresholds while far too many alerts are given, by half at most, and lowers them again', () => {
    const judge = new Judge()
    const factorAfter = (hour: number, alerts: number): number => {
      for (let i = 0; i < alerts; i++) judge.note(alert(hour * HOUR + i * 1000, `${hour}-${i}`))
      judge.tick((hour + 1) * HOUR, 1)
      return judge.guardFactor
    }
    assert.equal(factorAfter(1, 0), 1)
    const storm = Array.from({ length: 20 }, (_, i) => factorAfter(2 + i, 10))
    assert.ok(storm.some((factor) => factor > 1 && factor < 1.5))
    assert.equal(storm.at(-1), 1.5)
    const after = Array.from({ length: 30 }, (_, i) => factorAfter(22 + i, 0))
    assert.equal(after.at(-1), 1)
  })
})
