import assert from 'node:assert/strict'
import type { IncidentSignal } from '@kubewise/contracts'
import { DEFAULT_LIMITS } from '@kubewise/policy'
import type { Container, Pod } from '@kubewise/kube'
import type { Context } from '../../services/planner/src/context/context.ts'
import { factsOf } from '../../services/planner/src/context/facts.ts'
import { decide } from '../../services/planner/src/decisions/decide.ts'
import { signal, contextOf, type World } from '../../services/planner/src/fixture/context.ts'
import { NOW } from '../../services/planner/src/fixture/objects.ts'
import { crashing, playbooks, rollout, settled } from '../../services/planner/src/fixture/worlds.ts'
import { partsOf } from '../../services/planner/src/llm/model-choice.ts'
import { answerSchema, promptOf, questionOf } from '../../services/planner/src/llm/prompt.ts'
import { plainText } from '../../services/planner/src/llm/plain-text.ts'
import { injections, PATTERNS } from './injection-patterns.ts'

const TEXTS = injections(2000)

/** A name that Kubernetes would take, made of a text. */
const legalName = (text: string) =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50) || 'x'

type Field = (context: Context, text: string) => Context

const withPods =
  (change: (pod: Pod, text: string) => Pod): Field =>
  (context, text) => ({
    ...context,
    pods: context.pods.map((pod) => change(pod, text)),
  })
const withContainers = (change: (container: Container, text: string) => Container) =>
  withPods((pod, text) => ({
    ...pod,
    spec: { ...pod.spec, containers: (pod.spec?.containers ?? []).map((container) => change(container, text)) },
  }))
const withStatus = (change: (status: object, text: string) => object) =>
  withPods((pod, text) => ({
    ...pod,
    status: {
      ...pod.status,
      containerStatuses: (pod.status?.containerStatuses ?? []).map((status) => change(status, text)),
    } as NonNullable<Pod['status']>,
  }))
const withSignals =
  (change: (signal: IncidentSignal, text: string) => IncidentSignal): Field =>
  (context, text) => ({
    ...context,
    incident: { ...context.incident, signals: context.incident.signals.map((each) => change(each, text)) },
  })
const withTarget =
  (change: (target: NonNullable<Context['target']>, text: string) => object): Field =>
  (context, text) => ({
    ...context,
    target: context.target && change(context.target, text),
  })

/** Every field that somebody in the cluster can write, names aside. */
const FIELDS: Readonly<Record<string, Field>> = {
  'labels of pods': withPods((pod, text) => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, note: text } },
  })),
  'annotations of pods': withPods((pod, text) => ({
    ...pod,
    metadata: { ...pod.metadata, annotations: { note: text, 'kubewise.io/step': text } },
  })),
  'annotations of the target': withTarget((target, text) => ({
    ...target,
    metadata: { ...target.metadata, annotations: { ...target.metadata?.annotations, note: text } },
  })),
  'labels of the target': withTarget((target, text) => ({
    ...target,
    metadata: { ...target.metadata, labels: { ...target.metadata?.labels, note: text } },
  })),
  'conditions of the target': withTarget((target, text) => {
    const { status = {} } = target as { status?: { conditions?: object[] } }
    return {
      ...target,
      status: {
        ...status,
        conditions: [...(status.conditions ?? []), { type: 'Note', status: 'True', reason: text, message: text }],
      },
    }
  }),
  images: withContainers((container, text) => ({ ...container, image: text })),
  'values of environment variables': withContainers((container, text) => ({
    ...container,
    env: [{ name: 'NOTE', value: text }],
  })),
  'names of environment variables': withContainers((container, text) => ({
    ...container,
    env: [{ name: text, value: '1' }],
  })),
  arguments: withContainers((container, text) => ({ ...container, args: [text], command: ['sh', '-c', text] })),
  'messages of waiting containers': withStatus((status, text) => {
    const { state } = status as { state?: { waiting?: object } }
    return state?.waiting ? { ...status, state: { waiting: { ...state.waiting, message: text } } } : status
  }),
  'messages of ended containers': withStatus((status, text) => {
    const { lastState } = status as { lastState?: { terminated?: object } }
    return lastState?.terminated
      ? { ...status, lastState: { terminated: { ...lastState.terminated, message: text } } }
      : status
  }),
  'conditions of pods': withPods((pod, text) => ({
    ...pod,
    status: {
      ...pod.status,
      message: text,
      conditions: [...(pod.status?.conditions ?? []), { type: text, status: 'True', reason: text, message: text }],
    },
  })),
  'messages of Events': withSignals((each, text) => ({ ...each, say: text })),
  'labels of alerts': (context, text) => {
    const alert = signal(text, undefined, { source: 'alert', say: text, anomaly: 'alert' })
    return { ...context, incident: { ...context.incident, signals: [...context.incident.signals, alert] } }
  },
  'reasons of Events': (context, text) => {
    const event = signal(`event ${text}`, 'web-0', { source: 'event', say: text, anomaly: 'event' })
    return { ...context, incident: { ...context.incident, signals: [...context.incident.signals, event] } }
  },
}

const NAMES: Readonly<Record<string, (context: Context, name: string) => Context>> = {
  'of pods': (context, name) => ({
    ...context,
    pods: context.pods.map((pod, index) => ({ ...pod, metadata: { ...pod.metadata, name: `${name}-${index}` } })),
    incident: {
      ...context.incident,
      signals: context.incident.signals.map((each) => ({ ...each, entity: { ...each.entity, name: `${name}-0` } })),
    },
  }),
  'of the target and its namespace': (context, name) => ({
    ...context,
    incident: { ...context.incident, target: { ...context.incident.target, name, namespace: name } },
    target: context.target && { ...context.target, metadata: { ...context.target.metadata, name, namespace: name } },
  }),
  'of containers': (context, name) => withContainers((container) => ({ ...container, name }))(context, name),
}

const installation = { mode: 'auto' as const, protectedNamespaces: ['kube-system'], limits: {} }
const ground = { settings: undefined, limits: DEFAULT_LIMITS, kill: [], running: [] }

interface Allowed {
  steps: string[]
  prompt: string
}

/** Everything that may come of a context: the playbooks' steps, the candidates of a model, and the bytes that it is sent. */
function allowedIn(context: Context, hasNames = true): Allowed {
  const facts = factsOf(context, DEFAULT_LIMITS)
  const { choice } = decide({ ...context, facts, playbooks, limits: DEFAULT_LIMITS }, new Map())
  const parts = partsOf({ context, facts, ground, installation }, 'off')
  const told = (action: string, given: object) =>
    `${action} ${hasNames ? JSON.stringify(given) : Object.keys(given).join()}`
  const chosen = 'steps' in choice ? choice.steps.filter(({ action }) => !action.isPassive) : []
  const { system, text } = promptOf(questionOf(parts), 'mark')
  return {
    steps: [
      ...chosen.map(({ action, with: given }) => told(action.name, given)),
      ...parts.candidates.map(
        ({ id, action, with: given, bounds }) => `${id} ${told(action.name, given)} ${JSON.stringify(bounds)}`,
      ),
    ],
    prompt: system + text + JSON.stringify(answerSchema(parts)),
  }
}

const WORLDS: readonly World[] = [
  rollout(crashing),
  settled([{ ready: false }, {}, {}], {
    signals: [signal('pod-not-ready', 'web-0')],
    incident: { openedMs: NOW - 120_000 },
  }),
]
const contexts = WORLDS.map(contextOf)
const before = contexts.map((context) => allowedIn(context))
const unnamed = contexts.map((context) => allowedIn(context, false))

const assertNothingNew = (after: Allowed, allowed: Allowed, what: string) => {
  assert.deepEqual(
    after.steps.filter((step) => !allowed.steps.includes(step)),
    [],
    what,
  )
}
const assertUnseen = ({ prompt }: Allowed, text: string, what: string) => {
  const small = prompt.toLowerCase()
  for (const form of [text, plainText(text, 200), text.slice(0, 40), JSON.stringify(text).slice(1, -1)])
    assert.ok(form.trim() === '' || !small.includes(form.toLowerCase()), `${what}: ${form}`)
}

describe('text that somebody in the cluster wrote', () => {
  it('is tried with enough of it, and in worlds where something is allowed', () => {
    assert.ok(Object.values(PATTERNS).flat().length >= 40 && Object.keys(PATTERNS).length >= 6)
    assert.equal(new Set(TEXTS.map(({ text }) => text)).size, 2000)
    for (const { steps } of before) assert.ok(steps.length > 0)
  })

  for (const language of Object.keys(PATTERNS))
    it(`allows nothing more in ${language}, whatever field it is in, and does not reach a model`, () => {
      const fields = Object.entries(FIELDS)
      for (const [index, { text }] of TEXTS.filter((each) => each.language === language).entries()) {
        const which = index % contexts.length
        const [single, change] = fields[index % fields.length] ?? assert.fail()
        const one = change(contexts[which]!, text)
        const all = fields.reduce((context, [, field]) => field(context, text), contexts[which]!)
        for (const [what, context] of [
          [single, one],
          ['all fields', all],
        ] as const) {
          const after = allowedIn(context)
          assertNothingNew(after, before[which]!, what)
          assertUnseen(after, text, what)
        }
      }
    })

  it('as a name that is legal allows nothing more, and reaches no model', () => {
    const names = Object.entries(NAMES)
    for (const [index, { text }] of TEXTS.filter((_, each) => each % 5 === 0).entries()) {
      const which = index % contexts.length
      const name = legalName(text)
      const [what, change] = names[index % names.length] ?? assert.fail()
      const after = allowedIn(change(contexts[which]!, name), false)
      assertNothingNew(after, unnamed[which]!, what)
      if (/[a-z]{3}/.test(name)) assertUnseen(after, name, what)
    }
  })
})
