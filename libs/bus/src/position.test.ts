import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { courseOf, eventOf, positionAt, type Course, type Position, type StreamExtent } from './position.ts'

const stream = (more: Partial<StreamExtent> = {}): StreamExtent => ({
  created: 'then',
  firstSeq: 1,
  lastSeq: 100,
  isRewritten: false,
  ...more,
})
const at = (more: Partial<Position>): Position => ({ ...positionAt(1), created: 'then', ...more })
const last = { seq: 50, storedMs: 1000 }

describe('how a reader goes on', () => {
  const rows: [string, Position, StreamExtent, Course][] = [
    ['at the sequence it wants', positionAt(40), stream(), { start: { at: 'seq', seq: 40 } }],
    ['at the end where it has read all', positionAt(101), stream(), { start: { at: 'seq', seq: 101 } }],
    ['at the end where it wants only what is new', positionAt('new'), stream(), { start: { at: 'seq', seq: 101 } }],
    [
      'at the first of an empty stream',
      positionAt(1),
      stream({ firstSeq: 0, lastSeq: 0 }),
      { start: { at: 'seq', seq: 1 } },
    ],
    [
      'after a gap where the stream was shortened',
      at({ next: 40, covered: 39 }),
      stream({ firstSeq: 60 }),
      { start: { at: 'seq', seq: 60 }, event: { kind: 'gap', wantedSeq: 40 } },
    ],
    [
      'without a gap where what is gone was not for it',
      at({ next: 40, covered: 80 }),
      stream({ firstSeq: 60 }),
      { start: { at: 'seq', seq: 60 } },
    ],
    [
      'at the first of another stream',
      at({ created: 'before', next: 40, covered: 39, last }),
      stream(),
      { start: { at: 'first' }, event: { kind: 'recreated' } },
    ],
    [
      'after the moment it has seen where the stream has lost its tail',
      at({ next: 151, covered: 150, last }),
      stream(),
      { start: { at: 'time', timeMs: 1001 }, event: { kind: 'gap', wantedSeq: 151 } },
    ],
    [
      'at the first where the stream has lost its tail and it has seen nothing yet',
      positionAt(151),
      stream(),
      { start: { at: 'first' }, event: { kind: 'gap', wantedSeq: 151 } },
    ],
    [
      'after the moment it has seen where the tail was lost and written anew',
      at({ next: 51, covered: 50, last }),
      stream({ isRewritten: true }),
      { start: { at: 'time', timeMs: 1001 }, event: { kind: 'gap', wantedSeq: 51 } },
    ],
  ]
  for (const [say, position, extent, course] of rows)
    it(say, () => assert.deepEqual(courseOf(position, extent), course))

  it('never leaves out a sequence that it has not covered, unless it tells', () => {
    const natural = fc.integer({ min: 1, max: 50 })
    fc.assert(
      fc.property(natural, natural, natural, natural, (next, more, firstSeq, length) => {
        const position = at({ next, covered: next - 1 + more })
        const { start, event } = courseOf(position, stream({ firstSeq, lastSeq: firstSeq + length }))
        if (event || start.at !== 'seq') return true
        return start.seq <= Math.max(next, position.covered + 1)
      }),
    )
  })
})

describe('what a reader is told', () => {
  it('is nothing on an ordinary course', () => assert.equal(eventOf({ start: { at: 'first' } }, 'then', 1), undefined))
  it('is which stream it is now', () =>
    assert.deepEqual(eventOf({ start: { at: 'first' }, event: { kind: 'recreated' } }, 'then', 1), {
      kind: 'recreated',
      created: 'then',
    }))
  it('is what it wanted and what it gets', () =>
    assert.deepEqual(eventOf({ start: { at: 'seq', seq: 9 }, event: { kind: 'gap', wantedSeq: 4 } }, 'then', 9), {
      kind: 'gap',
      wantedSeq: 4,
      gotSeq: 9,
    }))
})
