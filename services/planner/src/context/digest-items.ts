import { PLAIN_POD, QUIET, type Facts } from '@kubewise/contracts'
import type { Container, KubernetesObject, QuantityText } from '@kubewise/kube'
import { isAttempt } from './attempts.ts'
import { autoscalerOf } from './autoscaler-facts.ts'
import { rolloutWorkload, templateOf, type Context } from './context.ts'
import { allEvidence } from './evidence-features.ts'
import { podFactId } from './fact-ids.ts'
import { lastHealthyRevision } from './last-healthy.ts'
import { plainName } from './plain-name.ts'
import { containersOf } from './template-references.ts'
import { templateDiff } from './template-diff.ts'
import { headroomOf } from './scheduling-facts.ts'
import { writerOf } from './written-by.ts'

/** One thing that is known, by the id that a plan cites. */
export interface DigestItem {
  id: string
  value: unknown
}

const item = (id: string, value: unknown): DigestItem => ({ id: `fact:${id}`, value })

const seconds = (value: number) => Math.round(value * 10) / 10

/** Only members that say something: no empty text, no zero, no false, no empty list. */
function telling(members: object): Record<string, unknown> {
  const entries = Object.entries(members).flatMap(([name, value]: [string, unknown]) => {
    const isQuiet = value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)
    return isQuiet || value === undefined ? [] : [[name, typeof value === 'number' ? seconds(value) : value]]
  })
  return Object.fromEntries(entries)
}

/** Features whose text is a name or a reason. */
const NAMED_FEATURES = [
  'container',
  'waiting',
  'reason',
  'revision',
  'claim',
  'resource',
  'metric',
  'registry',
] as const

/** What was noticed and why: the rule's own sentence, and what it measured. */
export function signalItems(context: Context): DigestItem[] {
  return allEvidence(context, () => true).map(({ signal, text }) => {
    const { anomaly, rule, source, severity, entity, startedMs, say } = signal
    const features: Readonly<Record<string, unknown>> = context.evidence.get(anomaly)?.features ?? {}
    const measured = Object.entries(features).filter(
      ([, value]) => typeof value === 'number' || typeof value === 'boolean',
    )
    const named = NAMED_FEATURES.map((name) => [name, plainName(text(name))] as const).filter(
      ([, value]) => value !== '',
    )
    return item(`signals/${plainName(rule)}/${entity.kind}/${entity.name}`, {
      source,
      severity,
      ageSeconds: seconds((context.nowMs - startedMs) / 1000),
      // An alert's text is its team's, not ours.
      ...(source !== 'alert' && { say: say.slice(0, 300) }),
      ...Object.fromEntries([...named, ...measured]),
    })
  })
}

/** The pods, those in trouble first. */
export function podItems({ pods }: Facts): DigestItem[] {
  const isIll = (pod: Facts['pods'][number]) => pod.cannotRun || (!pod.ready && !pod.terminating)
  return [...pods.filter(isIll), ...pods.filter((pod) => !isIll(pod))].map((pod) => ({
    id: podFactId(pod),
    value: telling({
      ...pod,
      uid: undefined,
      name: undefined,
      nodeReady: pod.nodeReady === PLAIN_POD.nodeReady ? '' : 'no',
    }),
  }))
}

const GROUPS = [
  'target',
  'rollout',
  'memory',
  'runaway',
  'creation',
  'image',
  'configuration',
  'probe',
  'scheduling',
  'volume',
  'node',
  'autoscaler',
  'cpu',
  'forecast',
  'culprit',
  'service',
  'network',
  'identity',
  'cluster',
  'job',
  'budget',
  'attempts',
  'correlation',
  'now',
] as const satisfies readonly (keyof Facts)[]

/** What a group says where nothing is out of the ordinary. */
function atRest(group: (typeof GROUPS)[number]): Readonly<Record<string, unknown>> {
  return ((QUIET as Partial<Record<string, object>>)[group] as Readonly<Record<string, unknown>> | undefined) ?? {}
}

/** The members of each group of facts that say something. */
export function groupItems(facts: Facts): DigestItem[] {
  return GROUPS.flatMap((group) => {
    const quiet = atRest(group)
    const members = Object.entries(facts[group]).filter(([name, value]) => value !== quiet[name] && name !== 'uid')
    return Object.entries(telling(Object.fromEntries(members))).map(([name, value]) => item(`${group}.${name}`, value))
  })
}

const named = <T extends { name: string }>(list: string, elements: readonly T[]): DigestItem[] =>
  elements.map(({ name, ...members }) => item(`${list}/${name}`, telling({ ...members, uid: undefined })))

export function listItems({ nodes, volumes, dependencies, alerts }: Facts): DigestItem[] {
  return [
    ...named('nodes', nodes),
    ...named('volumes', volumes),
    ...dependencies.map(({ namespace, name, available }) => item(`dependencies/${namespace}/${name}`, { available })),
    ...named('alerts', alerts),
  ]
}

/** What changed near the first signal, and by whom. */
export function changeItems({ changes }: Facts): DigestItem[] {
  return changes.map(({ kind, namespace, name, what, by, ageSeconds, leadSeconds, onTarget }) =>
    item(`changes/${kind}/${namespace}/${name}/${what}`, {
      by,
      ageSeconds: seconds(ageSeconds),
      leadSeconds: seconds(leadSeconds),
      onTarget,
    }),
  )
}

/** What the newest template changed against the last healthy one, field by field. */
export function lastChangeItems(context: Context): DigestItem[] {
  const current = context.revisions.find(({ isCurrent }) => isCurrent)
  const healthy = lastHealthyRevision(context)?.revision
  const others = context.revisions.filter(
    (revision) => revision !== current && revision.number < (current?.number ?? 0),
  )
  const before = healthy ?? others.at(-1)
  if (!current || !before) return []
  return templateDiff(before.template, current.template).map(({ path, area, before: was, after: is }) =>
    item(`last-change/${path}`, { area, ...(was !== undefined && { before: was, after: is }), since: before.number }),
  )
}

/** The revisions that the cluster still knows, newest first. */
export function revisionItems({ revisions, nowMs }: Context): DigestItem[] {
  return [...revisions].reverse().map(({ number, createdMs, isCurrent, wasRolledBackTo, replicas }) =>
    item(`revisions/${number}`, {
      ageSeconds: createdMs === undefined ? undefined : seconds((nowMs - createdMs) / 1000),
      ...telling({ isCurrent, wasRolledBackTo }),
      ...replicas,
    }),
  )
}

const WRITTEN = ['template', 'replicas', 'selector', 'ports', 'maxReplicas', 'unschedulable', 'hard'] as const

/** Who wrote each telling field of the target last; see `writersOf` for what the time means. */
export function writerItems({ target, nowMs }: Context): DigestItem[] {
  if (!target) return []
  return WRITTEN.flatMap((field) => {
    const writer = writerOf(target, ['spec', field])
    if (!writer) return []
    const ageSeconds = writer.atMs === undefined ? undefined : seconds((nowMs - writer.atMs) / 1000)
    return item(`writers/spec.${field}`, { by: writer.manager, ageSeconds })
  })
}

/** What was tried before on this target, newest first, and how it ended. */
export function attemptItems({ history, nowMs, incident }: Context): DigestItem[] {
  return history.map((execution) =>
    item(`attempts/${execution._id}`, {
      actions: execution.steps.map(({ action }) => action),
      status: execution.status,
      isAttempt: isAttempt(execution),
      isThisIncident: execution.incident === incident._id,
      ageSeconds: seconds((nowMs - execution.claimedMs) / 1000),
      ...(execution.verdict && { verdict: execution.verdict.value }),
      ...(execution.refusal && { refusal: execution.refusal.code }),
    }),
  )
}

const quantities = (amounts: Record<string, QuantityText> = {}) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [plainName(name), plainName(String(amount))]))

function containerItem({ name, image = '', resources, env = [], envFrom = [], ...container }: Container): DigestItem {
  const probes = (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).filter((probe) => container[probe])
  return item(
    `containers/${name}`,
    telling({
      // Credentials before a host are no part of a name.
      image: image.includes('@') && !image.includes('@sha256:') ? 'unnamed' : plainName(image),
      requests: quantities(resources?.requests),
      limits: quantities(resources?.limits),
      probes,
      env: env.map((variable) => plainName(variable.name)),
      envFrom: envFrom.length,
      ports: (container.ports ?? []).map(({ containerPort }) => containerPort),
    }),
  )
}

/** What the target's template asks for: names and amounts, no values. */
export function templateItems(context: Context): DigestItem[] {
  const { spec } = templateOf(context) ?? {}
  const strategy = (rolloutWorkload(context)?.spec as { strategy?: { type?: string } } | undefined)?.strategy?.type
  return [
    ...(strategy === undefined ? [] : [item('target.strategy', plainName(strategy))]),
    ...containersOf(spec).map(containerItem),
  ]
}

const nameIn = ({ metadata }: KubernetesObject) => metadata?.name ?? ''

/** Quotas, room on nodes, the autoscaler's bounds, budgets. */
export function capacityItems(context: Context): DigestItem[] {
  const { quotas, limitRanges, nodes, budgets } = context
  const autoscaler = autoscalerOf(context)
  return [
    ...quotas.map((quota) =>
      item(`quotas/${nameIn(quota)}`, { hard: quantities(quota.status?.hard), used: quantities(quota.status?.used) }),
    ),
    ...limitRanges.map((range) =>
      item(
        `limit-ranges/${nameIn(range)}`,
        (range.spec?.limits ?? []).map(({ type, max, min }) => ({
          type,
          max: quantities(max),
          min: quantities(min),
        })),
      ),
    ),
    ...budgets.map((budget) =>
      item(`budgets/${nameIn(budget)}`, telling({ ...budget.status, conditions: undefined, disruptedPods: undefined })),
    ),
    ...(autoscaler ? [item(`autoscalers/${nameIn(autoscaler)}`, { managed: true })] : []),
    ...nodes.flatMap((node) => {
      const room = headroomOf(node, context)
      return room
        ? [item(`headroom/${nameIn(node)}`, { cpu: room('cpu'), memoryBytes: room('memory'), pods: room('pods') })]
        : []
    }),
  ]
}

/** Other incidents that are open. */
export function siblingItems({ siblings, nowMs }: Context): DigestItem[] {
  return siblings.map(({ target, severity, openedMs, signals }) =>
    item(`siblings/${target.kind}/${target.namespace}/${target.name}`, {
      severity,
      openSeconds: seconds((nowMs - openedMs) / 1000),
      rules: [...new Set(signals.map(({ rule }) => plainName(rule)))].slice(0, 5),
    }),
  )
}

/** What could not be read: silence there is no health. */
export const unreadItems = ({ unread }: Context): DigestItem[] => unread.map((kind) => item(`unread/${kind}`, true))
