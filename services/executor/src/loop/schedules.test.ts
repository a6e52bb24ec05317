import assert from 'node:assert/strict'
import type { Execution, Plan } from '@kubewise/contracts'
import type { CronJob, Job, Pod } from '@kubewise/kube'
import { watch } from '../fixture/checker.ts'
import { failedJob, planOn } from '../fixture/scenarios.ts'
import { createWorld, untilSettled, type World } from '../fixture/world.ts'

async function run(world: World, plan: Plan): Promise<Execution> {
  const checker = watch(world)
  await world.start()
  await world.propose(plan)
  const execution = await untilSettled(world, plan)
  await world.stop()
  assert.deepEqual(checker.finish(), [])
  return execution
}

/** A CronJob whose Job `report` failed. */
function schedule(world: World, spec: CronJob['spec'] = {}, active: string[] = []): { cronJob: CronJob; job: Job } {
  const cronJob = world.cluster.put<CronJob>({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop' },
    spec,
    status: { active: active.map((name) => ({ name })) },
  })
  return { cronJob, job: ownedBy(world, failedJob(world), cronJob) }
}

function ownedBy(world: World, job: Job, { metadata }: CronJob): Job {
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: metadata?.uid ?? '', controller: true }
  return world.cluster.put<Job>({ ...job, metadata: { ...job.metadata, ownerReferences: [owner] } })
}

describe('a Job of a CronJob', () => {
  const rerun = (world: World, cronJob: CronJob, job: Job) => {
    const { name = '', namespace = '', uid = '' } = cronJob.metadata ?? {}
    const target = { cluster: 'test', kind: 'CronJob', namespace, name, uid }
    return planOn(
      world,
      job,
      'rerun-job@1',
      { job: 'report', uid: job.metadata?.uid ?? '' },
      {
        target,
        holds: ['job-completed'],
      },
    )
  }

  const cases: [string, CronJob['spec'], string[], string | undefined][] = [
    ['that is as usual', {}, [], undefined],
    ['that lets runs overlap', { concurrencyPolicy: 'Allow' }, ['nightly-2'], undefined],
    ['that wants one at a time', { concurrencyPolicy: 'Forbid' }, [], 'schedule-one-at-a-time'],
    ['that replaces the one that runs', { concurrencyPolicy: 'Replace' }, ['nightly-2'], 'schedule-one-at-a-time'],
    ['that somebody suspended', { suspend: true }, [], 'schedule-suspended'],
  ]
  for (const [given, spec, active, code] of cases)
    it(`${given} is ${code ? `not run again: ${code}` : 'run again'}`, async () => {
      const world = await createWorld()
      const { cronJob, job } = schedule(world, spec, active)
      const execution = await run(world, rerun(world, cronJob, job))
      assert.equal(execution.refusal?.code, code)
      assert.equal(world.cluster.landed('create').length, code ? 0 : 1)
    })

  it('that is gone is not run again, nor where another took its name', async () => {
    const world = await createWorld()
    const { cronJob, job } = schedule(world)
    world.cluster.put({ ...cronJob, metadata: { ...cronJob.metadata, uid: 'uid-another' } })
    const execution = await run(world, rerun(world, cronJob, job))
    assert.notEqual(execution.refusal, undefined)
    assert.deepEqual(world.cluster.landed(), [])
  })
})

describe('the ended pods of a CronJob', () => {
  const deleting = (world: World, cronJob: CronJob) =>
    planOn(world, cronJob, 'delete-finished-pods@1', { atMost: 9 }, { holds: ['signal-cleared'] })

  /** A second Job, which has one pod that failed and goes on trying. */
  function running(world: World, cronJob: CronJob): void {
    const job = ownedBy(
      world,
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'report-2', namespace: 'shop' }, status: {} },
      cronJob,
    )
    const owner = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: 'report-2',
      uid: job.metadata?.uid ?? '',
      controller: true,
    }
    world.cluster.put<Pod>({
      kind: 'Pod',
      metadata: { name: 'report-2-a', namespace: 'shop', ownerReferences: [owner] },
      status: { phase: 'Failed' },
    })
  }

  it('are deleted, those of a Job that has not ended left alone', async () => {
    const world = await createWorld()
    const { cronJob } = schedule(world)
    running(world, cronJob)
    const execution = await run(world, deleting(world, cronJob))
    assert.equal(execution.status, 'recovered', execution.say)
    const deleted = world.cluster.landed('delete').map(({ object }) => object)
    assert.deepEqual(deleted.sort(), ['Pod/shop/report-10', 'Pod/shop/report-20', 'Pod/shop/report-30'])
  })

  it('are left where all of them are of Jobs that have not ended', async () => {
    const world = await createWorld()
    const { cronJob, job } = schedule(world)
    world.cluster.put({ ...job, status: {} })
    const execution = await run(world, deleting(world, cronJob))
    assert.equal(execution.refusal?.code, 'job-running')
    assert.deepEqual(world.cluster.landed(), [])
  })
})
