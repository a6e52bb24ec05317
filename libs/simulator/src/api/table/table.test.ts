import assert from 'node:assert/strict'
import { apiUnderTest } from '../testing/api-under-test.ts'
import { shortDuration } from './duration.ts'
import { podStatus } from './pod-status.ts'

const PODS = '/api/v1/namespaces/default/pods'
const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }

interface Table {
  kind?: string
  columnDefinitions?: { name: string }[]
  rows?: { cells: unknown[] }[]
}

describe('tables for kubectl', () => {
  it('have the columns and cells that it prints, ages by the clock of the simulator', async () => {
    await using test = await apiUnderTest()
    await test.create(PODS, { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i:1' }] } })
    await test.clock.advance(90_000)
    const list = (await test.ask('GET', PODS, { headers })).body as Table
    assert.deepEqual(
      list.columnDefinitions?.map(({ name }) => name),
      ['Name', 'Ready', 'Status', 'Restarts', 'Age'],
    )
    assert.deepEqual(
      list.rows?.map(({ cells }) => cells),
      [['a', '0/1', 'Pending', '0', '90s']],
    )
    const one = (await test.ask('GET', `${PODS}/a`, { headers })).body as Table
    assert.equal(one.rows?.length, 1)
    assert.equal((await test.ask('GET', `${PODS}/absent`, { headers })).body.kind, 'Status')
  })

  it('are for those who ask for them first', async () => {
    await using test = await apiUnderTest()
    const { body } = await test.ask('GET', PODS, { headers: { Accept: 'application/json,application/json;as=Table' } })
    assert.equal(body.kind, 'PodList')
  })
})

describe('the word for a pod', () => {
  const container = { name: 'c', ready: false, restartCount: 1 }
  for (const [expected, status] of [
    ['Running', { phase: 'Running', containerStatuses: [{ ...container, state: { running: {} } }] }],
    [
      'CrashLoopBackOff',
      { phase: 'Running', containerStatuses: [{ ...container, state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
    ],
    [
      'OOMKilled',
      {
        phase: 'Running',
        containerStatuses: [{ ...container, state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }],
      },
    ],
    ['ExitCode:3', { phase: 'Failed', containerStatuses: [{ ...container, state: { terminated: { exitCode: 3 } } }] }],
    [
      'Init:ImagePullBackOff',
      {
        phase: 'Pending',
        initContainerStatuses: [{ ...container, state: { waiting: { reason: 'ImagePullBackOff' } } }],
      },
    ],
    ['Evicted', { phase: 'Failed', reason: 'Evicted' }],
  ] as const) {
    it(expected, () => assert.equal(podStatus({ status: structuredClone(status) as never }), expected))
  }
})

describe('short durations', () => {
  for (const [seconds, expected] of [
    [-5, '0s'],
    [119, '119s'],
    [125, '2m5s'],
    [700, '11m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 300, '3h5m'],
    [30 * 3600, '30h'],
    [3 * 86_400 + 7200, '3d2h'],
    [20 * 86_400, '20d'],
  ] as const) {
    it(`${seconds} s is ${expected}`, () => assert.equal(shortDuration(seconds * 1000), expected))
  }
})
