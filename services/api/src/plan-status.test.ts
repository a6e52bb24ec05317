import assert from 'node:assert/strict'
import type { Approval, Execution, Plan } from '@kubewise/contracts'
import { planStatus, type PlanStatus } from './plan-status.ts'

const NOW = 1_000_000
const plan = (changes: Partial<Plan> = {}) => ({ steps: [{}], mode: 'auto', notAfterMs: NOW + 1, ...changes }) as Plan
const execution = (status: string, code?: string) =>
  ({ status, ...(code && { refusal: { code, say: '' } }) }) as Execution
const approval = (verdict: string, expiresMs = NOW + 1) => ({ verdict, expiresMs }) as Approval

describe('planStatus', () => {
  const cases: [string, Plan, Approval | undefined, Execution | undefined, PlanStatus][] = [
    ['no steps', plan({ steps: [] }), undefined, undefined, 'no-action'],
    ['fresh in auto', plan(), undefined, undefined, 'pending'],
    ['only observed', plan({ mode: 'observe' }), undefined, undefined, 'observed'],
    [
      'observed and recorded so',
      plan({ mode: 'observe' }),
      undefined,
      execution('refused', 'mode-observe'),
      'observed',
    ],
    ['waiting for a person', plan({ mode: 'approve' }), undefined, undefined, 'waiting-for-approval'],
    ['approved', plan({ mode: 'approve' }), approval('approved'), undefined, 'pending'],
    ['approved too long ago', plan({ mode: 'approve' }), approval('approved', NOW), undefined, 'waiting-for-approval'],
    ['rejected', plan({ mode: 'approve' }), approval('rejected'), undefined, 'rejected'],
    ['past its time', plan({ notAfterMs: NOW }), undefined, undefined, 'expired'],
    ['at work', plan(), undefined, execution('verifying'), 'executing'],
    ['refused', plan(), undefined, execution('refused', 'cooldown'), 'refused'],
    ['recovered', plan(), undefined, execution('recovered'), 'recovered'],
  ]
  for (const [given, aPlan, anApproval, anExecution, expected] of cases)
    it(`${given} → ${expected}`, () => assert.equal(planStatus(aPlan, anApproval, anExecution, NOW), expected))
})
