import { fact } from '../finding.ts'
import { MINUTE, ruleFor } from './state-rule.ts'

/**
 * A disruption budget that allows no eviction though all its pods are healthy, while a cordoned node holds some of them.
 * Without the node it hurts nobody: many single replicas have such a budget for years. A refused eviction leaves no Event, so
 * the cordoned node is the sign that someone wants these pods to go.
 */
export const budgetDeadlock = ruleFor('Budget', {
  name: 'budget-deadlock',
  version: 1,
  forMs: 5 * MINUTE,
  clearMs: MINUTE,
  look: ({ disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, cordonedNodes = [] }) => {
    const [node = ''] = cordonedNodes
    const isDeadlock =
      disruptionsAllowed === 0 && expectedPods > 0 && currentHealthy >= desiredHealthy && desiredHealthy >= expectedPods
    return isDeadlock && cordonedNodes.length > 0
      ? fact('warning', `The disruption budget lets no pod leave the cordoned node ${node}.`, {
          node,
          nodes: cordonedNodes.length,
          desiredHealthy,
          expectedPods,
        })
      : undefined
  },
})
