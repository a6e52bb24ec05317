import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '@kubewise/testkit'
import { atBudget } from './budgeted-episodes.ts'
import { MissingCorpus } from './corpora.ts'
import { entities } from './entities.ts'

const HOUR = 60

/** Two metrics that swing together, and part ways in the labelled segment. */
function writeEntity(folder: string, name: string): void {
  const rows = (from: number, to: number, isOdd: (t: number) => boolean) =>
    Array.from({ length: to - from }, (_, i) => {
      const swing = Math.sin((from + i) / 3) + Math.sin((from + i) * 1.7) / 4
      const noise = Math.sin((from + i) * (from + i)) / 20
      return `${0.5 + swing / 4},${0.5 + (isOdd(i) ? -swing : swing) / 4 + noise}`
    })
  const write = (part: string, lines: string[]) =>
    writeFileSync(join(folder, `${name}.${part}.csv.gz`), gzipSync(['m0,m1', ...lines].join('\n')))
  write(
    'train',
    rows(0, 3000, () => false),
  )
  write(
    'test',
    rows(3000, 4000, (i) => i >= 500 && i <= 540),
  )
  const labels = { stepSeconds: 60, testLength: 1000, anomalySegmentsInTest: [[500, 540]] }
  writeFileSync(join(folder, `${name}.labels.json`), JSON.stringify(labels))
}

describe('the bench of entities', () => {
  it('scores every folder that holds entities under its own name, and no other', async () => {
    await using folder = await temporaryFolder()
    for (const name of ['elsewhere', 'nab']) mkdirSync(join(folder.path, name))
    writeEntity(join(folder.path, 'elsewhere'), 'one')
    writeFileSync(join(folder.path, 'nab', 'series.csv'), 'timestamp,value\n')
    const { figures } = await entities(() => {}, folder.path)
    assert.deepEqual(Object.keys(figures.sets), ['elsewhere'])
    const { ap, vusPr, entities: count, recallAtBudget, falsePerDay } = figures.sets['elsewhere']!
    assert.equal(count, 1)
    assert.ok(ap > 0.5 && ap <= 1, `average precision ${ap}`)
    assert.ok(vusPr > 0.5 && vusPr <= 1, `volume ${vusPr}`)
    assert.equal(recallAtBudget, 1)
    assert.ok(falsePerDay >= 0)
  })

  it('says where the corpora can be had when there are none', async () => {
    await using folder = await temporaryFolder()
    await assert.rejects(
      entities(() => {}, folder.path),
      MissingCorpus,
    )
  })
})

describe('episodes at a budget', () => {
  /** Ten days to learn from, of which the later five have two episodes, then one day. */
  function run(test: Record<number, number>) {
    const testFrom = 240 * HOUR
    const labels = new Uint8Array(24 * HOUR)
    labels.fill(1, 600, 621)
    const scores = new Float64Array(testFrom + labels.length).fill(1)
    for (const [at, height] of [
      [10 * HOUR, 99],
      [150 * HOUR, 4],
      [151 * HOUR, 4],
      [200 * HOUR, 3],
    ] as const)
      scores[at] = height
    for (const [at, height] of Object.entries(test)) scores[testFrom + Number(at)] = height
    return { scores, testFrom, stepMs: 60_000, labels }
  }
  const counted = (test: Record<number, number>, perDay = 0.3) => {
    const { found, falseEpisodes } = atBudget(run(test), perDay)
    return { found, falseEpisodes }
  }
  const CASES: [say: string, test: Record<number, number>, found: number, falseEpisodes: number][] = [
    ['nothing above the level', { 610: 3 }, 0, 0],
    ['in the segment', { 610: 3.5 }, 1, 0],
    ['five samples after it', { 625: 3.5 }, 1, 0],
    ['six samples after it', { 626: 3.5 }, 0, 1],
    ['elsewhere, and again within the hour', { 100: 3.5, 150: 3.5 }, 0, 1],
    ['elsewhere, and again after the hour', { 100: 3.5, 170: 3.5 }, 0, 2],
  ]
  for (const [say, test, found, falseEpisodes] of CASES)
    it(say, () => assert.deepEqual(counted(test), { found, falseEpisodes }))

  it('lets the level down where the budget has room for more', () => {
    assert.equal(counted({ 610: 2 }).found, 0)
    assert.equal(counted({ 610: 2 }, 0.5).found, 1)
  })
})
