import assert from 'node:assert/strict'
import type { Alert, AnomalyMessage, Signal } from '@kubewise/contracts'
import { alertSignal, at, feed, tick, web } from './signals.test-data.ts'

describe('alerts of others', () => {
  const HOUR = 3600
  const alert = (seconds: number, status: 'firing' | 'resolved', changes: Partial<Alert> = {}) =>
    alertSignal(at(seconds), status, changes)
  const again = { startsMs: at(100) }
  const cases: [string, Signal[], string[]][] = [
    ['one that fires', [alert(0, 'firing')], ['+']],
    ['… and is repeated', [alert(0, 'firing'), alert(300, 'firing')], ['+']],
    ['… and is resolved', [alert(0, 'firing'), alert(300, 'resolved')], ['+', '-']],
    ['… told late', [alert(0, 'resolved'), alert(1, 'firing')], []],
    ['… and fires again', [alert(0, 'firing'), alert(50, 'resolved'), alert(100, 'firing', again)], ['+', '-', '+']],
    ['… whose end was lost', [alert(0, 'firing'), alert(100, 'firing', again)], ['+', '-', '+']],
    ['an older start after a newer one', [alert(100, 'firing', again), alert(101, 'firing')], ['+']],
    ['an end that nobody knows', [alert(0, 'resolved')], []],
    ['silence for a day', [alert(0, 'firing'), tick(at(23 * HOUR)), tick(at(24 * HOUR))], ['+', '-']],
    ['a repeat keeps it open', [alert(0, 'firing'), alert(20 * HOUR, 'firing'), tick(at(30 * HOUR))], ['+']],
    ['an end that was given', [alert(0, 'firing', { endsMs: at(60) }), tick(at(61)), tick(at(99))], ['+', '-']],
    [
      'an end that has moved',
      [alert(0, 'firing', { endsMs: at(60) }), alert(50, 'firing', { endsMs: at(110) }), tick(at(90))],
      ['+'],
    ],
    [
      'two of one object with one start',
      [alert(0, 'firing'), alert(0, 'firing', { fingerprint: 'g' }), alert(1, 'resolved')],
      ['+', '+', '-'],
    ],
  ]
  const signs = (messages: readonly AnomalyMessage[]) => messages.map(({ kind }) => (kind === 'anomaly' ? '+' : '-'))
  for (const [given, signals, expected] of cases)
    it(`${given} → ${expected.join(' ') || 'nothing'}`, () => assert.deepEqual(signs(feed(signals)), expected))

  it('says whose finding it is, and which', () => {
    const [found] = feed([alert(0, 'firing')])
    assert.ok(found?.kind === 'anomaly')
    assert.deepEqual(
      [found.source, found.rule, found.severity, found.features, found.target],
      ['alert', { name: 'outside-alert', version: 1 }, 'critical', { alert: 'HighErrorRate', fingerprint: 'f' }, web],
    )
  })
  it('has one id for one fingerprint and start, and ends by the same', () => {
    const [opened, ended, other] = feed([alert(0, 'firing'), alert(50, 'resolved'), alert(100, 'firing', again)])
    assert.equal(opened!.id, ended!.id)
    assert.notEqual(opened!.id, other!.id)
    assert.equal(feed([alert(7, 'firing')])[0]!.id, opened!.id)
  })
  it('is bounded: the one heard of longest ago is given up', () => {
    const many = Array.from({ length: 1001 }, (_, i) => alert(i, 'firing', { fingerprint: `f${i}` }))
    const messages = feed(many)
    assert.deepEqual(signs(messages).filter((sign) => sign === '-').length, 1)
    assert.equal(messages.at(-1)!.id, messages[0]!.id)
  })
})
