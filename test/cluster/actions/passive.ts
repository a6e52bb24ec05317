import assert from 'node:assert/strict'
import type { ExecutionStatus, Plan, PlanStep } from '@kubewise/contracts'
import { createNamespace } from '../arena.ts'
import type { Crew } from './crew.ts'
import { remedyOf } from './remedy.ts'
import { makeWorkload, NAME, read } from './subjects.ts'

/** An action that changes nothing: how its plan ends where all is well. */
interface PassiveCase {
  action: string
  with: PlanStep['with']
  ends: ExecutionStatus
  proposal?: (target: Plan['target']) => Plan['proposal']
}

export const PASSIVE_CASES: readonly PassiveCase[] = [
  { action: 'escalate@1', with: { say: 'Somebody should look.' }, ends: 'escalated' },
  { action: 'notify@1', with: { say: 'It is so.' }, ends: 'recovered' },
  { action: 'wait@1', with: { seconds: 1 }, ends: 'recovered' },
  { action: 'no-op@1', with: {}, ends: 'recovered' },
  {
    action: 'propose-patch@1',
    with: {},
    ends: 'escalated',
    proposal: (object) => ({ object, patch: 'spec:\n  replicas: 3\n', say: 'To be committed.' }),
  },
]

/** Has them done one after the other on one Deployment, by an account that may change nothing. */
export async function actPassively(crew: Crew, namespace: string): Promise<void> {
  await createNamespace(crew.kube, namespace, true)
  await makeWorkload(crew.kube, 'Deployment', namespace)
  const place = { kind: 'Deployment', namespace, name: NAME }
  const { metadata } = await read(crew.kube, place)
  const target = { cluster: crew.cluster, ...place, uid: metadata?.uid ?? '' }
  const from = await crew.now()
  const plans = PASSIVE_CASES.map(({ action, with: values, proposal }) =>
    remedyOf({
      name: action.replace('@', '-'),
      target,
      action,
      with: values,
      expect: { withinSeconds: 60, holds: ['workload-available'] },
      ...(proposal && { proposal: proposal(target) }),
    }),
  )
  await Promise.all(plans.map((remedy) => crew.propose(remedy)))
  const executions = await Promise.all(plans.map(({ plan }) => crew.settled(plan)))
  assert.deepEqual(
    executions.map(({ status, say }, i) => `${PASSIVE_CASES[i]!.action}: ${status}${status === 'refused' ? say : ''}`),
    PASSIVE_CASES.map(({ action, ends }) => `${action}: ${ends}`),
  )
  assert.deepEqual(await crew.writesSince(from, namespace), [])
}
