import assert from 'node:assert/strict'
import { connectKube, RESOURCES, type Kube } from '@kubewise/kube'
import { ACTIONS } from '@kubewise/policy'
import { silentLog, systemClock } from '@kubewise/service'
import { findNats, findPrograms, skipWithout } from '@kubewise/testkit'
import { inTurns } from '../chaos/in-turns.ts'
import { actOut, type ActedOut } from './actions/act-out.ts'
import { CASES, NODE_CASES, SIMULATOR_ONLY, type ActionCase } from './actions/cases.ts'
import { CONFLICTS, type Conflict } from './actions/conflicts.ts'
import { startCrew, type Crew } from './actions/crew.ts'
import { drainOf, isStoppedByKill } from './actions/drains.ts'
import { removeNode, startHollowNode } from './actions/hollow-node.ts'
import { borrowNode } from './actions/node.ts'
import { actPassively, PASSIVE_CASES } from './actions/passive.ts'
import { POD_CASES } from './actions/pod-cases.ts'
import { ANY_PLAN, unbind } from './actions/rights.ts'
import { NAME } from './actions/subjects.ts'
import { deleteNamespace } from './arena.ts'
import { findAuditLog } from './audit-log.ts'
import { createIdentity, deleteIdentity } from './identity.ts'

const PREFIX = 'kubewise-actions-'
const ACCOUNT = `${PREFIX}executor`
const NODE_ACCOUNT = `${PREFIX}node-executor`
/** More pods that start at once only wait for one another. */
const AT_ONCE = 8

const HOLLOW_NODE = `${PREFIX}node`
const DRAIN = { node: HOLLOW_NODE, namespace: `${PREFIX}drain` }
const KILLED_DRAIN = { node: HOLLOW_NODE, namespace: `${PREFIX}drain-killed` }

/** Each in a namespace of its own. */
const ROOMED = [...CASES, ...POD_CASES]
const HOLLOW_CASES = [drainOf(DRAIN)]
const ALL = [...ROOMED, ...NODE_CASES, ...HOLLOW_CASES]
const SCENES: readonly Conflict[] = [
  ...CONFLICTS,
  { name: 'passive', says: 'nothing is written by an action that only tells or waits', run: actPassively },
]
const titleOf = ({ action, kind }: ActionCase) => `${action} on a ${kind}`
const namespaceOf = ({ action, kind }: ActionCase) => `${PREFIX}${action.replace('@', '-')}-${kind.toLowerCase()}`

describe('every action on a real cluster', () => {
  skipWithout(findNats(), 'no nats-server on this machine')
  const kubeconfigFile = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set')
  const auditLog = skipWithout(
    kubeconfigFile && findAuditLog(kubeconfigFile),
    'the API server’s audit log is not there',
  )
  const seenByKubectl = findPrograms('kubectl').length > 0 ? { kubeconfigFile } : {}
  const [kwok] = findPrograms('kwok')
  const held = new AsyncDisposableStack()
  const acted = new Map<ActionCase, ActedOut>()
  const met = new Map<Conflict, Promise<void>>()
  let killed: Promise<void> | undefined
  let kube: Kube

  async function clear(): Promise<void> {
    for (const account of [ACCOUNT, NODE_ACCOUNT]) await deleteIdentity(kube, account)
    await unbind(kube)
    const { items } = await kube.list(RESOURCES.Namespace)
    const names = items.flatMap(({ metadata }) => metadata?.name ?? [])
    await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => deleteNamespace(kube, name)))
  }

  async function crewOf(account: string, executors: number): Promise<Crew> {
    const identity = await createIdentity(kube, kubeconfigFile, account, ANY_PLAN)
    return held.use(await startCrew({ kube, auditLog, identity, executors }))
  }

  function inNamespaces(crew: Crew): void {
    const inTurn = inTurns(AT_ONCE)
    for (const act of ROOMED) {
      const place = { kind: act.kind, namespace: namespaceOf(act), name: NAME }
      acted.set(act, actOut({ crew, act, place, ...seenByKubectl }, inTurn))
    }
    for (const each of SCENES) {
      const meeting = inTurn(() => each.run(crew, `${PREFIX}${each.name}`))
      meeting.catch(() => undefined)
      met.set(each, meeting)
    }
  }

  /** One after the other: they find what the one before has left, and share one role. */
  function onNodes(crew: Crew, name: string): void {
    const inTurn = inTurns(1)
    for (const act of NODE_CASES)
      acted.set(act, actOut({ crew, act, place: { kind: 'Node', namespace: '', name }, ...seenByKubectl }, inTurn))
    if (kwok === undefined) return
    for (const act of HOLLOW_CASES) {
      const place = { kind: 'Node', namespace: '', name: DRAIN.node }
      acted.set(act, actOut({ crew, act, place, ...seenByKubectl }, inTurn))
    }
    killed = inTurn(async () => {
      await deleteNamespace(kube, DRAIN.namespace)
      await isStoppedByKill(crew, KILLED_DRAIN)
    })
    killed.catch(() => undefined)
  }

  before(async () => {
    kube = await connectKube({ kubeconfig: kubeconfigFile, fieldManager: 'test', clock: systemClock, log: silentLog })
    await removeNode(kube, HOLLOW_NODE)
    await clear()
    if (kwok !== undefined) held.use(await startHollowNode(kube, { kwok, kubeconfigFile, name: HOLLOW_NODE }))
    held.defer(clear)
    const node = held.use(await borrowNode(kube))
    const [crew, nodeCrew] = await Promise.all([crewOf(ACCOUNT, 2), crewOf(NODE_ACCOUNT, 1)])
    inNamespaces(crew)
    onNodes(nodeCrew, node.name)
  })
  after(() => held.disposeAsync())

  it('has a case for every kind that an action of the catalogue acts on', () => {
    // What acts on a pod has that pod's workload for a target.
    const isPlayed = (name: string, kind: string) =>
      ALL.some((each) => each.action === name && (each.kind === kind || kind === 'Pod'))
    const told = new Set(PASSIVE_CASES.map(({ action }) => action))
    const missing = ACTIONS.flatMap(({ name, kinds, isPassive }) =>
      isPassive
        ? [name].filter((each) => !told.has(each))
        : kinds.filter((kind) => !isPlayed(name, kind)).map((kind) => `${name} on ${kind}`),
    )
    assert.deepEqual(missing.sort(), Object.keys(SIMULATOR_ONLY).sort())
  })

  for (const each of SCENES) it(each.says, () => met.get(each))

  function declare(each: ActionCase): void {
    const { undo } = ACTIONS.find(({ name }) => name === each.action)!
    describe(titleOf(each), () => {
      it('is refused beforehand with one right less than its page claims', () => acted.get(each)!.refuses)
      if (undo.how !== 'none') it('is taken back where it does not help', () => acted.get(each)!.takesBack)
      it('is done with the rights that its page claims and no others', () => acted.get(each)!.does)
    })
  }
  for (const each of [...ROOMED, ...NODE_CASES]) declare(each)

  describe('on a node that kwok plays', () => {
    skipWithout(kwok, 'no kwok on this machine')
    for (const each of HOLLOW_CASES) declare(each)
    it('a kill switch that is set while a drain runs stops it where it is', () => killed)
  })
})
