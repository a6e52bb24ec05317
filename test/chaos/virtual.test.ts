import assert from 'node:assert/strict'
import { playAll } from './virtual.ts'

const program = (text: string) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort, workerData } from 'node:worker_threads'
      const { runs, share, of, from } = workerData
      for (let index = from; index < runs; index++) {
        if (index % of !== share) continue
        parentPort.postMessage({ index, begins: { scenario: index } })
        ${text}
        parentPort.postMessage({ index, violations: [], kills: 1, freezes: 0, effects: 2 })
      }`)}`,
  )

const playing = { seed: 7, runs: 6, threads: 2, signal: new AbortController().signal, longestMs: 2000 }
const nothing = () => undefined

describe('histories in threads', () => {
  it('are all played, and counted', async () => {
    let told = 0
    const { runs, kills, effects, faults } = await playAll({ ...playing, program: program('') }, () => told++)
    assert.deepEqual({ runs, kills, effects, faults, told }, { runs: 6, kills: 6, effects: 12, faults: [], told: 6 })
  })

  it('tell of one that never gives its thread free, and go on with the next', async () => {
    const stuck = program('if (index === 2) for (;;);')
    const { runs, kills, faults } = await playAll({ ...playing, program: stuck }, nothing)
    assert.deepEqual([runs, kills], [6, 5])
    assert.deepEqual(faults, ['run 2 of seed 7: it did not end within 2 s\n  {"scenario":2}'])
  })

  it('tell of one that ends its thread, and go on with the next', async () => {
    const broken = program('if (index === 3) throw new Error("out of memory")')
    const { runs, faults } = await playAll({ ...playing, program: broken }, nothing)
    assert.equal(runs, 6)
    assert.match(faults.join(), /run 3 of seed 7: its thread ended: Error: out of memory/)
  })
})
