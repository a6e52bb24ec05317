import {
  keyOf,
  type ExecutionStep,
  type Plan,
  type Verdict,
  type VerdictValue,
  type Verification,
} from '@kubewise/contracts'
import { RESOURCES, type Job } from '@kubewise/kube'
import { WORKLOAD_KINDS } from '@kubewise/policy'
import { asKnown } from '../context/gather.ts'
import { readNeighbours } from '../context/neighbours.ts'
import { readWorkload, refOf } from '../context/workload.ts'
import { TAKEN_UID } from '../ledger/effects/index.ts'
import { madeEntity } from '../ledger/effects/create.ts'
import { leavesMarker } from '../ledger/slots.ts'
import { objectOf } from '../ledger/subject.ts'
import type { Work } from '../work.ts'
import { CHECKS, type Finding, type Look } from './checks.ts'
import { clearTheWay } from './clear-the-way.ts'
import { neighboursWell, noNewErrors } from './neighbours.ts'

const SECOND = 1000
/** All checks must hold for so long; a pod that is ready for a moment is not well. */
const HOLD_MS = 10 * SECOND
const LOOK_EVERY_MS = 2 * SECOND
const DEFAULT_EXPECTATION: NonNullable<Plan['expect']> = { withinSeconds: 180, holds: ['workload-available'] }

/** Those that a plan names, and those that are always asked. */
type Checked = [name: Verification | 'neighbours-well' | 'no-new-errors', finding: Finding]

const VALUES: Record<Finding['value'], VerdictValue> = {
  holds: 'recovered',
  'not-yet': 'not-recovered',
  fails: 'not-recovered',
  unknown: 'inconclusive',
}

/** What a plan need not name: that nobody else is worse off, and that no error rate has risen. */
async function lookAround(work: Work): Promise<Checked[]> {
  const { ledger, clock, plan } = work
  const now = await asKnown(() => readNeighbours(work, ledger.execution.actedMs ?? clock.now()))
  return [
    ['neighbours-well', neighboursWell(now)],
    ['no-new-errors', noNewErrors(now, plan)],
  ]
}

async function lookAt(work: Work): Promise<Look> {
  const { kube, record, plan, ledger } = work
  const { steps, actedMs, claimedMs } = ledger.execution
  const evicted = steps.flatMap(({ changes }) =>
    changes.flatMap(({ path, before }) => (path === TAKEN_UID ? [String(before)] : [])),
  )
  // Of several patches of one object only the last one's marker is left on it.
  const patched = new Map(
    steps.flatMap((step) =>
      step.status === 'observed' && step.changes.length > 0 && leavesMarker(step)
        ? [[keyOf(step.object), step] as const]
        : [],
    ),
  )
  const made = steps.filter(({ status, undo }) => status === 'observed' && undo?.how === 'compensate').map(madeEntity)
  const target = readWorkload(kube, plan.target)
  // The target itself is read once for both.
  const changedObject = async (step: ExecutionStep) =>
    keyOf(step.object) === keyOf(plan.target) && WORKLOAD_KINDS.includes(plan.target.kind)
      ? (await target)?.workload
      : objectOf(work, step)
  const [view, anomalies, changed, jobs] = await Promise.all([
    asKnown(() => target),
    asKnown(() => Promise.all(plan.anomalies.map((id) => record.anomalies.get(id)))),
    asKnown(() =>
      Promise.all([...patched.values()].map(async (step) => ({ step, object: await changedObject(step) }))),
    ),
    asKnown(() => Promise.all(made.map((job) => kube.get<Job>(RESOURCES.Job, refOf(job))))),
  ])
  return { view, anomalies, sinceMs: actedMs ?? claimedMs, evicted, changed, jobs }
}

function verdictOf(value: VerdictValue, checked: readonly Checked[], atMs: number): Verdict {
  const isToBlame = ([, finding]: Checked) => VALUES[finding.value] === value
  const reasons = checked.filter(isToBlame).map(([, { say }]) => say)
  return {
    value,
    say: reasons.join(' ') || 'Nothing was to be checked.',
    checks: checked.map(([name, { value, say }]) => ({ name, value: VALUES[value], say })),
    atMs,
  }
}

const all = (checked: readonly Checked[], value: Finding['value']) =>
  checked.every(([, finding]) => finding.value === value)
const some = (checked: readonly Checked[], value: Finding['value']) =>
  checked.some(([, finding]) => finding.value === value)

/**
 * Watches what the plan expects, and those around the target, until it is certain: recovered once all of it has held for 10 s, not recovered at the first
 * thing that no waiting can mend; at the deadline not recovered, or inconclusive where something could not be read, which is
 * never a success.
 *
 * @throws the reason of `stopping`
 */
export async function verify(work: Work): Promise<Verdict> {
  const { clock, plan, ledger, stopping } = work
  const { withinSeconds, holds } = plan.expect ?? DEFAULT_EXPECTATION
  const sinceMs = ledger.execution.verifyingSinceMs ?? clock.now()
  const leftMs = Math.min(withinSeconds * SECOND, Math.max(0, sinceMs + withinSeconds * SECOND - clock.now()))
  const deadlineMs = clock.monotonic() + leftMs
  let heldSinceMs: number | undefined
  for (;;) {
    stopping.throwIfAborted()
    const [look, around] = await Promise.all([lookAt(work), lookAround(work)])
    if (look.view.isKnown && look.view.value) await clearTheWay(work, look.view.value)
    const checked = [...holds.map((name): Checked => [name, CHECKS[name](look)]), ...around]
    const nowMs = clock.monotonic()
    if (some(checked, 'fails')) return verdictOf('not-recovered', checked, clock.now())
    heldSinceMs = all(checked, 'holds') ? (heldSinceMs ?? nowMs) : undefined
    if (heldSinceMs !== undefined && nowMs - heldSinceMs >= HOLD_MS) return verdictOf('recovered', checked, clock.now())
    if (heldSinceMs === undefined && nowMs >= deadlineMs)
      return verdictOf(some(checked, 'unknown') ? 'inconclusive' : 'not-recovered', checked, clock.now())
    await clock.sleep(LOOK_EVERY_MS, stopping)
  }
}
