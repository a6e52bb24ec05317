import assert from 'node:assert/strict'
import { createHealth, type CheckKind, type HealthReport } from './health.ts'

describe('createHealth', () => {
  const cases: [string, [CheckKind, boolean][], Omit<HealthReport, 'checks'>][] = [
    ['no checks', [], { status: 'ok', isLive: true, isReady: true }],
    [
      'all well',
      [
        ['live', true],
        ['ready', true],
        ['quality', true],
      ],
      { status: 'ok', isLive: true, isReady: true },
    ],
    [
      'quality suffers',
      [
        ['ready', true],
        ['quality', false],
      ],
      { status: 'degraded', isLive: true, isReady: true },
    ],
    [
      'a dependency is missing',
      [
        ['live', true],
        ['ready', false],
      ],
      { status: 'failed', isLive: true, isReady: false },
    ],
    [
      'beyond recovery',
      [
        ['live', false],
        ['ready', true],
      ],
      { status: 'failed', isLive: false, isReady: false },
    ],
  ]
  for (const [given, checks, expected] of cases)
    it(`${given} → ${expected.status}`, () => {
      const health = createHealth()
      for (const [index, [kind, ok]] of checks.entries()) health.set(`check ${index}`, kind, { ok, say: 'so' })
      const { checks: told, ...verdict } = health.report()
      assert.deepEqual(verdict, expected)
      assert.equal(Object.keys(told).length, checks.length)
    })

  it('remembers the last result of a name', () => {
    const health = createHealth()
    health.set('nats', 'ready', { ok: false, say: 'connecting' })
    health.set('nats', 'ready', { ok: true, say: 'connected' })
    assert.deepEqual(health.report().checks, { nats: { kind: 'ready', ok: true, say: 'connected' } })
    health.remove('nats')
    assert.deepEqual(health.report().checks, {})
  })

  it('looks anew for each report', () => {
    const health = createHealth()
    let lagMs = 0
    health.watch('watch', 'quality', () => ({ ok: lagMs < 10, say: `${lagMs} ms behind` }))
    assert.equal(health.report().status, 'ok')
    lagMs = 20
    assert.equal(health.report().checks['watch']?.say, '20 ms behind')
    assert.equal(health.report().status, 'degraded')
  })

  it('takes a look that throws for a failed check', () => {
    const health = createHealth()
    health.watch('broken', 'ready', () => {
      throw new Error('no such thing')
    })
    assert.deepEqual(health.report().checks['broken'], {
      kind: 'ready',
      ok: false,
      say: 'the check itself failed: no such thing',
    })
  })
})
