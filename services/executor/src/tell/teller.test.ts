import assert from 'node:assert/strict'
import type { EventRecorder, Note } from '@kubewise/kube'
import { createBreaker, systemClock } from '@kubewise/service'
import { testKit } from '@kubewise/testkit'
import { startReceiver } from '../fixture/receiver.ts'
import { createWorld, planFor } from '../fixture/world.ts'
import { isReceiverIll } from './deliver.ts'
import { SIGNATURE_HEADER, signatureOf } from './formats/webhook.ts'
import { createOutlet } from './outlet.ts'
import { readReceivers } from './receiver.ts'
import { createTeller } from './teller.ts'

function tellerTo(webhook: { url: string; secret?: string } | undefined) {
  const notes: Note[] = []
  const events: EventRecorder = {
    async record(note) {
      notes.push(note)
      return 'written'
    },
  }
  const kit = testKit({ clock: systemClock })
  const { receivers } = readReceivers({ ...webhook, allow: [] }, () => '')
  const outlets = receivers.map((receiver) => {
    const circuit = createBreaker('webhook', { openMs: 60_000, errorThreshold: 5, isFailure: isReceiverIll }, kit)
    return createOutlet(receiver, { ...kit, circuit })
  })
  const teller = createTeller({ events, outlets, onEndTold: async () => undefined })
  return { notes, metrics: kit.metrics, teller }
}

describe('telling people', () => {
  it('sends one signed message, readable for Slack and for programs', async () => {
    await using hook = await startReceiver()
    const { received } = hook
    const url = `${hook.origin}/hook`
    const { teller, notes } = tellerTo({ url, secret: 'shared' })
    const plan = planFor(await createWorld(), [{ with: { toRevision: 1 } }])
    for (let i = 0; i < 3; i++) teller.tell(plan, 'recovered', 'All 4 pods are available.', { mayNote: true })
    await teller.drain()
    assert.equal(received.length, 1, 'repeats are not sent')
    const { headers, body } = received[0]!
    assert.equal(headers[SIGNATURE_HEADER], signatureOf(body, 'shared'))
    const message = JSON.parse(body) as Record<string, unknown>
    assert.match(String(message['text']), /shop\/Deployment\/web recovered \(bad-rollout\)/)
    assert.equal(message['id'], `${plan._id}/recovered`)
    assert.deepEqual(
      notes.map(({ reason, action }) => [reason, action]),
      [['Remediated', 'Rollback']],
    )
  })

  it('tries again when the receiver stumbles, and never throws when it stays down', async () => {
    const hook = await startReceiver([500, 503])
    const { received } = hook
    const url = `${hook.origin}/hook`
    const { teller, metrics } = tellerTo({ url })
    const plan = planFor(await createWorld(), [])
    teller.tell(plan, 'escalated', 'A person is needed.', { mayNote: false })
    await teller.drain()
    await hook[Symbol.asyncDispose]()
    assert.equal(received.length, 3)
    const gone = tellerTo({ url })
    gone.teller.tell(plan, 'failed', 'It did not help.', { mayNote: false })
    await gone.teller.drain()
    assert.match(
      await metrics.registry.metrics(),
      /kubewise_notifications_total\{receiver="webhook",outcome="sent"\} 1/,
    )
    assert.match(
      await gone.metrics.registry.metrics(),
      /kubewise_notifications_total\{receiver="webhook",outcome="failed"\} 1/,
    )
  })

  it('writes no Event where nothing may be written', async () => {
    const { teller, notes } = tellerTo(undefined)
    teller.tell(planFor(await createWorld(), []), 'refused', 'Mode observe.', { mayNote: false })
    await teller.drain()
    assert.deepEqual(notes, [])
  })
})
