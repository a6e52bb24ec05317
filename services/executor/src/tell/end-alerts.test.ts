import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COLLECTIONS } from '@kubewise/contracts'
import { eventually, temporaryFolder } from '@kubewise/testkit'
import { startReceiver } from '../fixture/receiver.ts'
import { createWorld, planFor, SECOND, template, untilSettled } from '../fixture/world.ts'

interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: string
  endsAt: string
}

describe('an alert that was left to a person', () => {
  it('stands with its story until the incident is over, whoever ended it', async () => {
    await using folder = await temporaryFolder()
    await using alertmanager = await startReceiver()
    const file = join(folder.path, 'receivers.yaml')
    await writeFile(
      file,
      `receivers: [{ name: am, kind: alertmanager, url: '${alertmanager.origin}', groupSeconds: 0 }]`,
    )
    const alerts = () => alertmanager.received.flatMap(({ body }) => JSON.parse(body) as Alert[])
    const last = () => alerts().at(-1)!

    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    await world.start({ KUBEWISE_RECEIVERS_FILE: file })
    const plan = planFor(world, [{ action: 'scale@1', with: { replicas: 5 } }])
    await world.propose(plan)
    const { status } = await untilSettled(world, plan)
    assert.notEqual(status, 'recovered')
    const passing = (condition: () => boolean) =>
      eventually(async () => {
        await world.clock.advance(5 * SECOND)
        return condition()
      })
    await passing(() => alerts().some(({ annotations }) => annotations['happening'] === status))
    assert.ok(Date.parse(last().endsAt) > world.clock.now())
    assert.match(last().annotations['tried'] ?? '', /replicas/)
    assert.ok(alertmanager.received.every(({ path }) => path === '/api/v2/alerts'))

    const resolvedMs = world.clock.now()
    const incident = world.store.documents(COLLECTIONS.incidents).find(({ _id }) => _id === plan.incident)!
    world.store.put(COLLECTIONS.incidents, { ...incident, status: 'resolved', resolvedMs })
    const labels = last().labels
    await passing(() => last().annotations['happening'] === 'ended')
    assert.deepEqual(last().labels, labels)
    assert.equal(Date.parse(last().endsAt), resolvedMs)
    const sent = alertmanager.received.length
    for (let minute = 0; minute < 5; minute++) await world.clock.advance(60 * SECOND)
    await world.stop()
    assert.equal(alertmanager.received.length, sent, 'the end is told once')
  })
})
