import { COLLECTIONS, EXECUTION_STATUSES, SETTLED, type Facts, type Incident } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import { isFrozen, type Limits, type StormState } from '@kubewise/policy'
import type { Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { Context } from '../context/context.ts'
import { isUnderWay } from '../context/facts.ts'
import type { IncidentBook } from '../incidents/book.ts'
import type { Cause } from '../incidents/merge.ts'
import { relationsOf, symptomCountOf } from '../incidents/symptoms.ts'
import { readBehind, type Behind } from './behind.ts'
import { correlate } from './correlate.ts'
import { isWholeCluster } from './root-causes.ts'
import type { StormWatch } from './storm-watch.ts'
import { suspectsOf, type Suspect } from './suspects.ts'

const MAX_REMEMBERED = 1_000
const UNSETTLED = EXECUTION_STATUSES.filter((status) => !SETTLED.includes(status))

/** Finds out whether an incident is only the symptom of another one's cause. */
export interface Correlator {
  /** Of a storm, before anything else of it is read: with hundreds ill at once that would take too long. */
  stormOf(incident: Incident): Promise<Cause | undefined>
  /** The facts with what others tell: symptoms that hang on this incident, and how much is ill. */
  complete(facts: Facts, incident: Incident): Promise<Facts>
  causeOf(context: Context, facts: Facts): Promise<Cause | undefined>
}

export interface CorrelatorPorts extends Pick<Kit, 'clock' | 'signal'> {
  kube: Pick<Kube, 'list'>
  store: Store
  book: Pick<IncidentBook, 'open'>
  stormWatch: StormWatch
}

export function createCorrelator(ports: CorrelatorPorts, cluster: string, limits: Limits): Correlator {
  const { kube, store, book, clock, signal, stormWatch } = ports
  const executions = store.collection(COLLECTIONS.executions)
  /** What incidents were last seen to suspect; lost by a restart and learnt anew with the next decisions. */
  const remembered = new Map<string, readonly Suspect[]>()

  function remember(id: string, suspects: readonly Suspect[]): void {
    remembered.delete(id)
    if (suspects.length > 0) remembered.set(id, suspects)
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? id)
  }

  /** Did it become ill as a part of the storm? What was ill long before has a cause of its own. */
  const isOfStorm = ({ target, openedMs }: Incident, { lastStormMs }: StormState) =>
    !isWholeCluster(target) && openedMs > (lastStormMs ?? clock.now()) - limits.stormWindowMs

  async function isAtWork({ _id, plans }: Incident): Promise<boolean> {
    return plans.length > 0 && (await executions.count({ incident: _id, status: { in: UNSETTLED } })) > 0
  }

  async function behindOf({ services, incident }: Context, { dependencies, target }: Facts): Promise<Behind> {
    const down = dependencies.filter(({ available }) => !available)
    const refs = target.kind === 'Service' ? [incident.target] : down
    if (refs.length === 0) return new Map()
    return readBehind(kube, cluster, refs, services, signal)
  }

  return {
    async stormOf(incident) {
      const state = await stormWatch.look(incident._id)
      if (!state || !isFrozen(state, clock.now(), limits) || !isOfStorm(incident, state)) return undefined
      if (await isAtWork(incident)) return undefined
      const { illTargets, targets, illNodes, nodes } = state
      return {
        root: { cluster, kind: 'Cluster', namespace: '', name: cluster },
        relation: incident.target.kind === 'Node' ? 'node' : 'storm',
        say: `It fell ill with others: ${illTargets} of ${targets} targets and ${illNodes} of ${nodes} nodes at once.`,
      }
    },
    async complete(facts, incident) {
      const state = await stormWatch.look()
      const correlation = { symptoms: symptomCountOf(incident), relations: relationsOf(incident) }
      // Nobody knows: the storm's own incident then goes on.
      const isOpenStorm = isWholeCluster(incident.target)
      if (!state) return { ...facts, correlation, cluster: { ...facts.cluster, storm: isOpenStorm } }
      const { illTargets, targets: managedTargets, nodes, illNodes: nodesNotReady } = state
      const notReadyShare = nodes === 0 ? 0 : nodesNotReady / nodes
      const storm = isFrozen(state, clock.now(), limits)
      const counted = { illTargets, managedTargets, nodes, nodesNotReady, notReadyShare, storm }
      return { ...facts, correlation, cluster: { ...facts.cluster, ...counted } }
    },
    async causeOf(context, facts) {
      const { incident } = context
      if (context.executions.some(isUnderWay)) return undefined
      const suspects = suspectsOf({ incident, facts, behind: await behindOf(context, facts) })
      remember(incident._id, suspects)
      if (suspects.length === 0) return undefined
      const others = (await book.open())
        .filter(({ _id }) => _id !== incident._id)
        .map((other) => ({ incident: other, suspects: remembered.get(other._id) ?? [] }))
      return correlate({ incident, suspects, others })
    },
  }
}
