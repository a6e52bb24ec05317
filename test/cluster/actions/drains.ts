import assert from 'node:assert/strict'
import {
  isPodReady,
  isTerminating,
  RESOURCES,
  type Kube,
  type KubernetesObject,
  type Node,
  type Pod,
  type PodDisruptionBudget,
} from '@kubewise/kube'
import { actionNamed } from '@kubewise/policy'
import { eventually } from '@kubewise/testkit'
import { createNamespace } from '../arena.ts'
import { sayWrite } from '../audit-log.ts'
import type { ActionCase } from './cases.ts'
import type { Crew } from './crew.ts'
import { HOLLOW } from './hollow-node.ts'
import { remedyOf } from './remedy.ts'
import { grant } from './rights.ts'
import { read } from './subjects.ts'

const APPS = ['free', 'kept']
/** What plays the node shares a small machine with all that is tested on the others. */
const SOON = { timeoutMs: 180_000, everyMs: 200 }

/** The node that is to be drained, and where its pods are. */
export interface DrainPlace {
  node: string
  namespace: string
}

const isOn = (node: string) => (pod: Pod) => pod.spec?.nodeName === node

async function podsIn(kube: Kube, namespace: string): Promise<Pod[]> {
  return (await kube.list<Pod>(RESOURCES.Pod, { namespace })).items.filter((pod) => !isTerminating(pod))
}

/** One pod, on nodes with the label alone: the hollow one, and, once its pods are there, one that takes in what is evicted. */
function deploymentOf(app: string, namespace: string): KubernetesObject {
  const labels = { app }
  const template = {
    metadata: { labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      nodeSelector: { [HOLLOW]: 'true' },
      tolerations: [{ key: HOLLOW, operator: 'Exists' }],
      containers: [
        {
          name: 'app',
          image: 'busybox:1',
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/sh', '-c', 'exec sleep 3600'],
        },
      ],
    },
  }
  const spec = { replicas: 1, selector: { matchLabels: labels }, template }
  return { metadata: { name: app, namespace }, spec } as KubernetesObject
}

async function make(kube: Kube, { namespace }: DrainPlace): Promise<void> {
  await createNamespace(kube, namespace, true)
  for (const app of APPS) await kube.create(RESOURCES.Deployment, deploymentOf(app, namespace))
}

/** Lets the pods run on a node of the cluster too, or on the hollow one alone. */
async function openOthers(kube: Kube, hollow: string, isOpen: boolean): Promise<void> {
  const { items } = await kube.list<Node>(RESOURCES.Node)
  const body = { metadata: { labels: { [HOLLOW]: isOpen ? 'true' : null } } }
  for (const { metadata } of items)
    if (metadata?.name !== undefined && metadata.name !== hollow)
      await kube.patch(RESOURCES.Node, { name: metadata.name }, { type: 'merge', body })
}

/** Waits until all of their pods are on the node; from then on they may also go elsewhere. */
async function gather(kube: Kube, { node, namespace }: DrainPlace): Promise<void> {
  await openOthers(kube, node, false)
  for (const { metadata, spec } of await podsIn(kube, namespace))
    if (spec?.nodeName !== undefined && spec.nodeName !== node)
      await kube.delete(RESOURCES.Pod, { namespace, name: metadata?.name ?? '' }, metadata?.uid ?? '')
  const areThere = async () => {
    const pods = await podsIn(kube, namespace)
    return pods.length === APPS.length && pods.every((pod) => isOn(node)(pod) && isPodReady(pod))
  }
  await eventually(areThere, { ...SOON, say: `all pods are ready on ${node}` })
  await openOthers(kube, node, true)
}

/** A budget over one of the two that lets none go. */
async function keep(kube: Kube, namespace: string): Promise<void> {
  const spec = { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } }
  await kube.create(RESOURCES.PodDisruptionBudget, { metadata: { name: 'kept', namespace }, spec } as KubernetesObject)
  const isCounted = async () => {
    const budget = await kube.get<PodDisruptionBudget>(RESOURCES.PodDisruptionBudget, refOfBudget(namespace))
    return budget?.status?.currentHealthy === 1
  }
  await eventually(isCounted, { ...SOON, say: 'the budget is counted' })
}

export const drainOf = (place: DrainPlace): ActionCase => ({
  action: 'drain@1',
  kind: 'Node',
  make: (kube) => make(kube, place),
  async step(kube) {
    await gather(kube, place)
    return { with: {} }
  },
  async isDone(node, _, kube) {
    const pods = await podsIn(kube, place.namespace)
    return (node as Node).spec?.unschedulable === true && !pods.some(isOn(place.node))
  },
  expect: ['change-stands'],
  writes: ['patch nodes'],
})

const refOfBudget = (namespace: string) => ({ namespace, name: 'kept' })

/** The kill switch while a drain waits for a budget: what is done stays for now, nothing more is, not even to take it back. */
export async function isStoppedByKill(crew: Crew, place: DrainPlace): Promise<void> {
  const { kube, user, cluster } = crew
  const { namespace, node } = place
  await kube.patch(RESOURCES.Node, { name: node }, { type: 'merge', body: { spec: { unschedulable: null } } })
  await make(kube, place)
  await gather(kube, place)
  await keep(kube, namespace)
  const needs = actionNamed('drain@1')?.needs('Node') ?? []
  await grant({ kube, user, namespace: '' }, needs, needs)
  const target = { cluster, kind: 'Node', namespace: '', name: node }
  const { metadata } = await read(kube, target)
  const remedy = remedyOf({
    name: 'killed-drain',
    target: { ...target, uid: metadata?.uid ?? '' },
    action: 'drain@1',
    with: {},
    expect: { withinSeconds: 60, holds: ['change-stands'] },
    timeoutSeconds: 120,
  })
  const from = await crew.now()
  await crew.propose(remedy)
  const isHalfDone = async () => {
    const writes = new Set((await crew.writesSince(from, namespace)).map(sayWrite))
    return writes.has('create pods/eviction') && writes.has('create pods/eviction 429')
  }
  await eventually(isHalfDone, { ...SOON, say: 'one pod went, a budget keeps the others' })
  await crew.setKillFile('holidays')
  const stopped = await crew.now()
  const budget = await kube.get(RESOURCES.PodDisruptionBudget, refOfBudget(namespace))
  await kube.delete(RESOURCES.PodDisruptionBudget, refOfBudget(namespace), budget?.metadata?.uid ?? '')
  const owing = async () => {
    const found = await crew.execution(remedy.plan)
    return found?.owed === undefined ? undefined : found
  }
  const { status, refusal, owed } = await eventually(owing, { ...SOON, say: 'taking back is owed' })
  assert.deepEqual([status, refusal?.code], ['undoing', 'kill-switch'], owed?.say)
  const writes = [...(await crew.writesSince(stopped, namespace)), ...(await crew.writesSince(stopped, ''))]
  // One that was on its way when the switch was set met the budget still.
  assert.deepEqual(
    writes.map(sayWrite).filter((write) => write !== 'create pods/eviction 429'),
    [],
  )
  const left = (await podsIn(kube, namespace)).filter(isOn(node))
  assert.deepEqual(
    left.map(({ metadata }) => metadata?.labels?.['app']),
    ['kept'],
    'what the budget kept is still there',
  )
}
