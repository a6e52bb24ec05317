import assert from 'node:assert/strict'
import { togetherOf } from './freshness.ts'

const at = (lastSampleMs: number) => ({ lastSampleMs, intervalMs: 15_000 })
const word = (metrics: Record<string, ReturnType<typeof at>>) => ({ cluster: 'c', writtenMs: 1, metrics, watches: {} })

describe('togetherOf', () => {
  const cases: [string, Parameters<typeof togetherOf>, Record<string, ReturnType<typeof at>>][] = [
    ['is what one knows alone', [{ a: at(5) }, []], { a: at(5) }],
    ['is what all know', [{ a: at(5) }, [word({ b: at(3) }), word({ c: at(4) })]], { a: at(5), b: at(3), c: at(4) }],
    [
      'is as old as the oldest part of a metric',
      [{ a: at(5) }, [word({ a: at(3) }), word({ a: at(9) })]],
      { a: at(3) },
    ],
    [
      'believes no garbage',
      [{ a: at(5) }, [undefined, 'x', { metrics: { a: 1 } }, word({ a: { lastSampleMs: -1, intervalMs: 0 } })]],
      { a: at(5) },
    ],
  ]
  for (const [what, given, expected] of cases) it(what, () => assert.deepEqual(togetherOf(...given), expected))
})
