import assert from 'node:assert/strict'
import type { Execution, TargetRecord } from '@kubewise/contracts'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import { isHeld } from './claim.ts'
import { preconditionRefusal } from './precondition.ts'
import { released, restMs } from './release.ts'
import { templateHash } from '@kubewise/kube'
import { hashOf } from '@kubewise/contracts'

const NOW = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000
const WEB = { cluster: 'test', kind: 'Deployment', namespace: 'shop', name: 'web' }

const record = (overrides: Partial<TargetRecord> = {}): TargetRecord => ({
  _id: 'test/shop/Deployment/web',
  version: 1,
  target: WEB,
  epoch: 1,
  lock: { plan: 'plan-1', holder: 'me', untilMs: NOW },
  coolingUntilMs: 0,
  failures: 0,
  actedMs: [],
  originals: {},
  ...overrides,
})

const execution = (overrides: Partial<Execution> = {}): Execution => ({
  _id: 'plan-1',
  version: 1,
  cluster: 'test',
  incident: 'incident-1',
  target: WEB,
  planHash: 'hash',
  status: 'recovered',
  holder: 'me',
  holderUntilMs: 0,
  epoch: 1,
  claimedMs: NOW - MINUTE,
  actedMs: NOW - MINUTE,
  finishedMs: NOW,
  steps: [],
  ...overrides,
})

describe('letting a target go', () => {
  const cases: [string, TargetRecord, Execution, Partial<TargetRecord>][] = [
    [
      'recovered: five minutes of rest',
      record({ failures: 2 }),
      execution(),
      { failures: 0, coolingUntilMs: NOW + 5 * MINUTE },
    ],
    [
      'taken back: twice as long',
      record(),
      execution({ status: 'undone' }),
      { failures: 1, coolingUntilMs: NOW + 10 * MINUTE },
    ],
    [
      'the third failure in a row',
      record({ failures: 2 }),
      execution({ status: 'failed' }),
      { failures: 3, coolingUntilMs: NOW + 40 * MINUTE },
    ],
    [
      'the tenth: an hour at most',
      record({ failures: 9 }),
      execution({ status: 'escalated' }),
      { failures: 10, coolingUntilMs: NOW + 60 * MINUTE },
    ],
    [
      'a rest that is stored is never shortened',
      record({ coolingUntilMs: NOW + 90 * MINUTE }),
      execution(),
      { coolingUntilMs: NOW + 90 * MINUTE },
    ],
  ]
  for (const [given, before, ended, after] of cases)
    it(given, () => {
      const { lock, ...rest } = released(before, ended, DEFAULT_LIMITS)
      assert.equal(lock, undefined)
      assert.deepEqual({ ...rest, ...after }, rest)
    })

  it('where nothing was changed gives no rest', () => {
    const { actedMs: _acted, ...untouched } = execution({ status: 'refused' })
    assert.equal(released(record(), untouched, DEFAULT_LIMITS).coolingUntilMs, 0)
  })

  it('gives no rest to what was only held beside', () => {
    const beside = record({ _id: 'test/shop/Deployment/api', failures: 1 })
    const { lock, ...rest } = released(beside, execution({ status: 'failed' }), DEFAULT_LIMITS)
    const { lock: _lock, ...before } = beside
    assert.equal(lock, undefined)
    assert.deepEqual(rest, before)
  })

  it('is done once, whoever does it again', () => {
    const once = released(record(), execution({ status: 'undone' }), DEFAULT_LIMITS)
    assert.deepEqual(released(once, execution({ status: 'undone' }), DEFAULT_LIMITS), once)
  })

  it('rests as long as is set', () => assert.equal(restMs(1, { cooldownMs: 1000, maxCooldownMs: 1500 }), 1500))
})

describe('whether somebody works on an execution', () => {
  const cases: [string, number, boolean][] = [
    ['its holder renewed a moment ago', NOW + 14_000, true],
    ['its holder’s word has run out', NOW, false],
    ['let go', 0, false],
    ['the word of a clock that was set back since', NOW + 60 * MINUTE, false],
  ]
  for (const [given, holderUntilMs, expected] of cases)
    it(`${given}: ${expected ? 'yes' : 'no'}`, () =>
      assert.equal(isHeld(execution({ holderUntilMs }), NOW, 15_000), expected))
})

describe('preconditions', () => {
  const template = { metadata: { labels: { app: 'web' }, creationTimestamp: 'now' }, spec: { containers: [] } }
  const object = { metadata: { uid: 'u' }, spec: { replicas: 2, template } }
  const cases: [string, Parameters<typeof preconditionRefusal>[0], boolean][] = [
    ['none', [], true],
    ['a value that is', [{ field: 'metadata.uid', is: 'u' }], true],
    ['a value that is not', [{ field: 'spec.replicas', is: 3 }], false],
    ['a hash that is', [{ field: 'spec.template', hash: hashOf(template) }], true],
    ['a template’s hash, as its revision has it', [{ field: 'spec.template', hash: templateHash(template) }], true],
    ['a hash that is not', [{ field: 'spec.template', hash: 'other' }], false],
    ['a field that is not there', [{ field: 'spec.paused', is: true }], false],
    ['a field that every object has', [{ field: 'constructor', is: true }], false],
    ['one that wants nothing', [{ field: 'metadata.uid' }], false],
  ]
  for (const [given, preconditions, holds] of cases)
    it(`${given}: ${holds ? 'passes' : 'refused'}`, () =>
      assert.equal(preconditionRefusal(preconditions, object)?.code, holds ? undefined : 'precondition-failed'))
})
