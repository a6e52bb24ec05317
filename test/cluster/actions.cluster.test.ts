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
import { borrowNode, type Borrowed } from './actions/node.ts'
import { actPassively, PASSIVE_CASES } from './actions/passive.ts'
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

const ALL = [...CASES, ...NODE_CASES]
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
  const held = new AsyncDisposableStack()
  const acted = new Map<ActionCase, ActedOut>()
  const met = new Map<Conflict, Promise<void>>()
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

  before(async () => {
    kube = await connectKube({ kubeconfig: kubeconfigFile, fieldManager: 'test', clock: systemClock, log: silentLog })
    await clear()
    held.defer(clear)
    const node: Borrowed = held.use(await borrowNode(kube))
    const [crew, nodeCrew] = await Promise.all([crewOf(ACCOUNT, 2), crewOf(NODE_ACCOUNT, 1)])
    const inTurn = inTurns(AT_ONCE)
    for (const act of CASES) {
      const place = { kind: act.kind, namespace: namespaceOf(act), name: NAME }
      acted.set(act, actOut({ crew, act, place, ...seenByKubectl }, inTurn))
    }
    for (const each of SCENES)
      met.set(
        each,
        inTurn(() => each.run(crew, `${PREFIX}${each.name}`)),
      )
    for (const each of met.values()) each.catch(() => undefined)
    const oneByOne = inTurns(1)
    for (const act of NODE_CASES) {
      const place = { kind: 'Node', namespace: '', name: node.name }
      acted.set(act, actOut({ crew: nodeCrew, act, place, ...seenByKubectl }, oneByOne))
    }
  })
  after(() => held.disposeAsync())

  it('has a case for every kind that an action of the catalogue acts on', () => {
    // What acts on a pod has that pod's workload for a target.
    const isPlayed = (name: string, kind: string) =>
      ALL.some((each) => each.action === name && (each.kind === kind || kind === 'Pod'))
    const told = new Set(PASSIVE_CASES.map(({ action }) => action))
    const missing = ACTIONS.filter(({ name }) => SIMULATOR_ONLY[name] === undefined).flatMap(
      ({ name, kinds, isPassive }) =>
        isPassive
          ? [name].filter((each) => !told.has(each))
          : kinds.filter((kind) => !isPlayed(name, kind)).map((kind) => `${name} on ${kind}`),
    )
    assert.deepEqual(missing, [])
  })

  for (const each of SCENES) it(each.says, () => met.get(each))

  for (const each of ALL) {
    const { name, undo } = ACTIONS.find(({ name }) => name === each.action)!
    describe(titleOf(each), () => {
      it('is refused beforehand with one right less than its page claims', () => acted.get(each)!.refuses)
      if (undo.how === 'restore') it('is taken back where it does not help', () => acted.get(each)!.takesBack)
      it('is done with the rights that its page claims and no others', () => acted.get(each)!.does)
    })
  }
})
