import { shortfalls, type Hostile, type Totals } from './evaluate.ts'
import type { Score } from './score.ts'

const mark = (isRight: boolean) => (isRight ? 'yes' : 'NO')

/** One scenario in a line. */
export function lineOf({
  id,
  title,
  isDetected,
  isCauseRight,
  isActionRight,
  harm,
  cause,
  action,
  planSeconds,
}: Score): string {
  const seconds = planSeconds === undefined ? '–' : `${planSeconds} s`
  return [
    String(id).padStart(3),
    title.slice(0, 52).padEnd(54),
    mark(isDetected).padEnd(10),
    mark(isCauseRight).padEnd(7),
    mark(isActionRight).padEnd(8),
    String(harm.length).padEnd(6),
    seconds.padEnd(7),
    isCauseRight && isActionRight && harm.length === 0
      ? ''
      : `${cause || 'nothing found'} → ${action}${harm.length > 0 ? `; harm: ${harm.join('; ')}` : ''}`,
  ]
    .join(' ')
    .trimEnd()
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** All of it for people. */
export function tableOf(
  scores: readonly Score[],
  variants: readonly Score[],
  totals: Totals,
  hostile: Hostile,
): string {
  const head = `  # ${'scenario'.padEnd(54)} detected   cause   action   harm   plan`
  const bad = variants.filter(({ trapActions, harm }) => trapActions > 0 || harm.length > 0)
  const missed = shortfalls(totals, hostile)
  return [
    head,
    ...scores.map(lineOf),
    ...bad.map((score) => lineOf(score)),
    '',
    `cause right ${percent(totals.causeRight)}, first action right ${percent(totals.firstActionRight)}, harmful ${totals.harm}, actions in traps ${totals.trapActions} (${variants.length} variants)`,
    `a hostile model, asked ${hostile.calls} times in ${hostile.runs} runs: harmful ${hostile.harm}, actions in traps ${hostile.trapActions}`,
    'Plans only: nothing is carried out, so nothing settles and there is no time to recovery. Seconds are of the scenario, to the first plan.',
    ...missed.map((say) => `falls short: ${say}`),
    '',
  ].join('\n')
}
