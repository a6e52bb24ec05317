import {
  isPodReady,
  RESOURCES,
  type Deployment,
  type Job,
  type KubernetesObject,
  type Pod,
  type Service,
} from '@kubewise/kube'
import type { Fault, ObjectStore } from '../../port.ts'
import type { Demands } from '../behaviour/demands.ts'
import type { Kubelets } from '../kubelet/kubelet.ts'
import { amountOf } from '../objects/amounts.ts'
import { workloadOf } from '../objects/owners.ts'
import { newBarePod, newJob } from './creations.ts'
import type { FaultName } from './catalogue.ts'
import { findTarget, parseFault, type Injection, type Workload } from './target.ts'
import { breakConfig, breakImage, breakStart, released, slowRelease, type TemplateChange } from './templates.ts'

export interface FaultPorts {
  objects: ObjectStore
  demands: Demands
  kubelets: Kubelets
}

type Inject = (ports: FaultPorts, injection: Injection, nowMs: number) => string[]

const MI = 2 ** 20
/** A raise by half is enough, one by a quarter is not. */
const MEMORY_FACTOR = 1.3
const ALL_THE_CPU = 100_000

const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata?.name}`

function rollOut(change: TemplateChange, manager: string): Inject {
  return ({ objects }, injection, nowMs) => {
    const workload: Workload = findTarget(objects, injection)
    objects.update<Workload>(injection.resource, injection.namespace, injection.target, manager, (found) => ({
      ...found,
      spec: { ...found.spec, template: released(String(nowMs))(change(found.spec?.template ?? {})) },
    }))
    return [nameOf(workload)]
  }
}

const needMoreMemory: Inject = ({ objects, demands }, injection, nowMs) => {
  const workload: Workload = findTarget(objects, injection)
  const limits = (workload.spec?.template?.spec?.containers ?? []).map(
    ({ resources }) => amountOf(resources?.limits?.['memory']) ?? 0,
  )
  const limitBytes = Math.max(0, ...limits)
  if (limitBytes === 0) throw new RangeError(`target of ${injection.name}: ${nameOf(workload)} has no memory limit`)
  demands.onWorkload(workload, { memoryMi: (limitBytes / MI) * MEMORY_FACTOR, sinceMs: nowMs })
  return [nameOf(workload)]
}

function podsOf(objects: ObjectStore, injection: Injection): Pod[] {
  const workload = findTarget(objects, injection)
  return objects
    .list<Pod>(RESOURCES.Pod, injection.namespace)
    .filter((pod) => workloadOf(objects, pod).metadata?.uid === workload.metadata?.uid)
}

const runAway: Inject = ({ objects, demands }, injection, nowMs) => {
  const pod =
    injection.kind === 'Pod' ? (findTarget(objects, injection) as Pod) : podsOf(objects, injection).find(isPodReady)
  if (!pod) throw new RangeError(`target of ${injection.name}: ${injection.kind} ${injection.target} has no ready pod`)
  demands.onPod(pod, { cpuMilli: ALL_THE_CPU, sinceMs: nowMs })
  return [nameOf(pod)]
}

const runJob: Inject = ({ objects }, { namespace, target }, nowMs) => {
  const isTaken = objects.get(RESOURCES.Job, namespace, target) !== undefined
  const job = objects.create<Job>(
    RESOURCES.Job,
    newJob(namespace, isTaken ? `${target}-${nowMs}` : target),
    'kubectl-create',
  )
  return [nameOf(job)]
}

const crashBarePod: Inject = ({ objects, demands }, { namespace, target }, nowMs) => {
  const existing = objects.get<Pod>(RESOURCES.Pod, namespace, target)
  if (existing) demands.onPod(existing, { exitCode: 1, sinceMs: nowMs })
  return [nameOf(existing ?? objects.create<Pod>(RESOURCES.Pod, newBarePod(namespace, target), 'kubectl-run'))]
}

const scaleToZero: Inject = ({ objects }, injection) => {
  const workloads =
    injection.kind === 'Service' ? backends(objects, findTarget(objects, injection)) : [findTarget(objects, injection)]
  for (const workload of workloads) {
    const resource = workload.kind === 'StatefulSet' ? RESOURCES.StatefulSet : RESOURCES.Deployment
    objects.update<Deployment>(resource, injection.namespace, workload.metadata?.name ?? '', 'kubectl', (found) => ({
      ...found,
      spec: { ...found.spec, replicas: 0 },
    }))
  }
  return workloads.map(nameOf)
}

/** The workloads whose pods a Service selects. */
function backends(objects: ObjectStore, service: Service): KubernetesObject[] {
  const selector = Object.entries(service.spec?.selector ?? {})
  return [RESOURCES.Deployment, RESOURCES.StatefulSet]
    .flatMap((resource) => objects.list<Workload>(resource, service.metadata?.namespace))
    .filter(
      ({ spec }) =>
        selector.length > 0 && selector.every(([key, value]) => spec?.template?.metadata?.labels?.[key] === value),
    )
}

const silenceNode: Inject = ({ objects, kubelets }, injection) => {
  kubelets.stopNode(findTarget(objects, injection).metadata?.name ?? '')
  return [`Node/${injection.target}`]
}

const recoverNode: Inject = ({ objects, kubelets }, injection) => {
  kubelets.startNode(findTarget(objects, injection).metadata?.name ?? '')
  return [`Node/${injection.target}`]
}

const INJECTIONS: Record<FaultName, Inject> = {
  memory: needMoreMemory,
  'bad-rollout': rollOut(breakStart, 'kubectl-set'),
  'bad-image': rollOut(breakImage, 'kubectl-set'),
  'missing-config': rollOut(breakConfig, 'kubectl-edit'),
  'runaway-replica': runAway,
  'rolling-update': (ports, injection, nowMs) =>
    rollOut(slowRelease(String(nowMs)), 'kubectl-edit')(ports, injection, nowMs),
  'completed-job': runJob,
  'bare-pod-crash': crashBarePod,
  'dependency-down': scaleToZero,
  'node-not-ready': silenceNode,
  'node-recovered': recoverNode,
}

/**
 * Breaks something, by changing objects or what runs, exactly as a person or fate would.
 *
 * @returns what was touched, as `Kind/name`
 * @throws RangeError for an unknown fault or target
 */
export function injectFault(ports: FaultPorts, fault: Fault, nowMs: number): string[] {
  const injection = parseFault(fault)
  return INJECTIONS[injection.name](ports, injection, nowMs)
}
