import type { Execution, ExecutionStep } from '@kubewise/contracts'
import type { KubernetesObject } from '@kubewise/kube'
import { templateHash } from '@kubewise/kube'
import { templateOf, type Context } from './context.ts'
import { writersOf } from './written-by.ts'

/** Managers of our own, whose writes take nothing back. */
const OURS = /^kubewise\b/

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** What a JSON pointer finds. */
function at(object: KubernetesObject, pointer: string): unknown {
  let value: unknown = object
  for (const token of pointer.split('/').slice(1)) {
    if (!isRecord(value)) return undefined
    value = value[token.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return value
}

/** Managed fields know elements of a list by their key, so a path is followed up to the first list. */
function ownedPath(pointer: string): string[] {
  const tokens = pointer.split('/').slice(1)
  const list = tokens.findIndex((token) => /^\d+$/.test(token))
  return list === -1 ? tokens : tokens.slice(0, list)
}

/** Later than this it is no answer to our change, but a change of its own. */
const WITHIN_MS = 10 * 60_000

/** Is what was there before us there again? Anything else is a change of its own. A whole template is kept as its hash. */
function isBack(
  context: Context,
  target: KubernetesObject,
  { path, before }: ExecutionStep['changes'][number],
): boolean {
  if (path !== '/spec/template') return String(at(target, path)) === String(before)
  const template = templateOf(context)
  return template !== undefined && templateHash(template) === before
}

const isStanding = ({ status, undo }: ExecutionStep) =>
  (status === 'observed' || status === 'verified') && undo?.status !== 'done' && undo?.status !== 'sent'

/** Who put one of the fields back within minutes after us. */
function reverter(context: Context, target: KubernetesObject, step: ExecutionStep): string | undefined {
  const sentMs = step.sentMs ?? step.observedMs ?? 0
  const lost = step.changes
    .filter(({ path }) => path.startsWith('/spec/'))
    .find((change) => isBack(context, target, change))
  if (!lost) return undefined
  return writersOf(target, ownedPath(lost.path)).find(
    ({ manager, atMs }) =>
      !OURS.test(manager) && atMs !== undefined && atMs >= sentMs - 1000 && atMs < sentMs + WITHIN_MS,
  )?.manager
}

const endedMs = ({ claimedMs }: Execution) => claimedMs

/**
 * Who took our last change of the target back: the value from before it is there again, we did not undo it, and another manager
 * has written the field within minutes after us. Only the newest execution that changed the target itself counts.
 */
export function revertedBy(context: Context): string {
  const { target, history, incident } = context
  if (!target) return ''
  const newest = [...history]
    .filter(({ actedMs }) => actedMs !== undefined)
    .sort((a, b) => endedMs(b) - endedMs(a))
    .map(({ steps }) =>
      steps.filter(({ object, changes }) => object.kind === incident.target.kind && changes.length > 0),
    )
    .find((steps) => steps.length > 0)
  for (const step of newest ?? []) {
    const manager = isStanding(step) ? reverter(context, target, step) : undefined
    if (manager !== undefined) return manager
  }
  return ''
}
