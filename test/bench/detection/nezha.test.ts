import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { temporaryFolder } from '@kubewise/testkit'
import { nezha } from './nezha.ts'

const START = 1_660_000_000
const FAULT_MINUTE = 20
const PODS = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}-5f6585d649-fnmft`)

/** A day of five pods: a fault that shows in its twentieth minute on `b`, one that nothing shows on `c`, then ten quiet hours. */
function writeDay(folder: string): void {
  const day = join(folder, 'nezha', '2022-01-01')
  mkdirSync(day, { recursive: true })
  for (const [p, pod] of PODS.entries()) {
    const rows = Array.from({ length: 660 }, (_, minute) => {
      const wave = (k: number) => 10 + Math.sin(minute * k + p)
      const isHit = p === 1 && minute >= FAULT_MINUTE && minute < FAULT_MINUTE + 4
      return [START + 60 * minute, isHit ? 90 : wave(1.7), wave(2.9), isHit ? 60 : wave(0.9)].join()
    })
    const head = 'unix_seconds,CpuUsage(m),MemoryUsage(Mi),SyscallRead'
    writeFileSync(join(day, `${pod}_metric.csv.gz`), gzipSync(`${[head, ...rows].join('\n')}\n`))
  }
  writeFileSync(
    join(day, 'faults.json'),
    JSON.stringify([
      { t: START + 60 * FAULT_MINUTE, pod: PODS[1], type: 'cpu_contention' },
      { t: START + 60 * 40, pod: PODS[2], type: 'exception' },
    ]),
  )
}

describe('the bench of Nezha', () => {
  it('counts what was found on the right pod, how soon, and what quiet pods gave', async () => {
    await using folder = await temporaryFolder()
    writeDay(folder.path)
    const { figures } = await nezha(() => undefined, folder.path)
    const { faults, faultsOfResources, resourceFaults, allTypes, top1, delayScrapes, falsePerPodDay } = figures
    assert.deepEqual(
      { faults, faultsOfResources, resourceFaults, allTypes, top1, delayScrapes, falsePerPodDay },
      { faults: 2, faultsOfResources: 1, resourceFaults: 1, allTypes: 1, top1: 1, delayScrapes: 0, falsePerPodDay: 0 },
    )
  })
})
