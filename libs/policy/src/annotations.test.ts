import assert from 'node:assert/strict'
import { wishesOf, type Wishes } from './annotations.ts'

const NOW = Date.parse('2026-01-05T12:00:00Z')
const DAY = 86_400_000

const annotated = (annotations: Record<string, string>) => ({ metadata: { annotations } })
const mode = (value: string) => annotated({ 'kubewise.io/mode': value })
const until = (value: string) => annotated({ 'kubewise.io/silenced-until': value })

describe('annotations', () => {
  const cases: [string, Parameters<typeof wishesOf>[0], Omit<Wishes, 'mistakes'>, number][] = [
    ['none', [undefined, {}], {}, 0],
    ['a mode', [mode('approve')], { mode: 'approve' }, 0],
    ['the namespace is stricter', [mode('auto'), mode('observe')], { mode: 'observe' }, 0],
    ['the workload is stricter', [mode('approve'), mode('auto')], { mode: 'approve' }, 0],
    ['a mode that is none is the strictest', [mode('Auto')], { mode: 'observe' }, 1],
    ['a silence', [until('2026-01-05T13:00:00+01:00')], { silencedUntilMs: NOW }, 0],
    [
      'the longer of two silences',
      [until('2026-01-06T12:00:00Z'), until('2026-01-05T12:00:00Z')],
      { silencedUntilMs: NOW + DAY },
      0,
    ],
    ['a silence for ever counts for a week', [until('2999-01-01T00:00:00Z')], { silencedUntilMs: NOW + 7 * DAY }, 0],
    [
      'a silence that is no moment silences nothing and lets nothing be done',
      [until('tomorrow')],
      { mode: 'observe' },
      1,
    ],
    ['a day that does not exist', [until('2026-13-45T00:00:00Z')], { mode: 'observe' }, 1],
  ]
  for (const [what, objects, expected, mistakes] of cases)
    it(what, () => {
      const { mistakes: told, ...wishes } = wishesOf(objects, NOW)
      assert.deepEqual(wishes, expected)
      assert.equal(told.length, mistakes)
    })
})
