import assert from 'node:assert/strict'
import { HttpError } from '@kubewise/service'
import * as fc from 'fast-check'
import { ANSWER_BOUNDS, readSome, type AnswerBounds } from './bounded-answer.ts'

interface Row {
  metric: Record<string, string>
  value: [number, string]
}

const answerOf = (rows: readonly Row[]) =>
  Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: rows } }))

/** A text in pieces of so many bytes. */
async function* pieces(body: Uint8Array, size: number) {
  for (let at = 0; at < body.length; at += size) yield await Promise.resolve(body.subarray(at, at + size))
}

async function read(rows: readonly Row[], size: number, bounds: Partial<AnswerBounds>) {
  const { text, leftOut } = await readSome(pieces(answerOf(rows), size), { ...ANSWER_BOUNDS, ...bounds })
  const { data } = JSON.parse(text) as { data: { result: Row[] } }
  return { result: data.result, leftOut, bytes: Buffer.byteLength(text) }
}

const ODD = ['},{"metric":{', '}', '"', '\\', '{"metric":{', '\u0000', 'ü€𝄞']
const label = fc.oneof(
  fc.string(),
  fc.constantFrom(...ODD),
  fc.array(fc.constantFrom(...ODD)).map((t) => t.join('')),
)
const row: fc.Arbitrary<Row> = fc.record({
  metric: fc.dictionary(label, label, { maxKeys: 3 }),
  value: fc.constant<[number, string]>([1, '2']),
})

describe('readSome', () => {
  it('keeps the first series as they are and counts the others, however the answer is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 12 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 14 }),
        async (rows, size, series) => {
          const { result, leftOut } = await read(rows, size, { series })
          assert.deepEqual(result, JSON.parse(JSON.stringify(rows.slice(0, series))))
          assert.equal(result.length + leftOut, rows.length)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('keeps no more bytes than it may, by whole series', async () => {
    const rows = Array.from({ length: 1000 }, (_, i): Row => ({ metric: { i: String(i) }, value: [1, '1'] }))
    const { result, leftOut, bytes } = await read(rows, 100, { keptBytes: 5000 })
    assert.ok(bytes <= 5000 + 100 && result.length > 100, `${bytes} bytes, ${result.length} series`)
    assert.equal(result.length + leftOut, 1000)
  })

  const refused: [string, Partial<AnswerBounds>][] = [
    ['more than is ever read', { maxBytes: 1000 }],
    ['one series that is more than is kept', { keptBytes: 20 }],
  ]
  for (const [what, bounds] of refused)
    it(`refuses ${what}`, async () => {
      const rows = Array.from({ length: 100 }, (): Row => ({ metric: { a: 'x'.repeat(100) }, value: [1, '1'] }))
      await assert.rejects(read(rows, 50, bounds), (error) => error instanceof HttpError && error.kind === 'too-large')
    })
})
