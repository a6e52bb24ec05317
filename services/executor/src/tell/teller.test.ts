import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EventRecorder, Note } from '@kubewise/kube'
import { createBreaker, systemClock } from '@kubewise/service'
import { testKit } from '@kubewise/testkit'
import { createWorld, planFor } from '../fixture/world.ts'
import { createTeller } from './teller.ts'
import { isReceiverIll, SIGNATURE_HEADER, signatureOf } from './webhook.ts'

interface Received {
  headers: IncomingHttpHeaders
  body: string
}

/** A webhook receiver that answers as it is told. */
async function receiver(answers: number[]) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => void (body += text))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(answers.shift() ?? 200).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook`, received, stop: () => server.close() }
}

function tellerTo(webhook: { url: string; secret?: string } | undefined) {
  const notes: Note[] = []
  const events: EventRecorder = {
    async record(note) {
      notes.push(note)
      return 'written'
    },
  }
  const kit = testKit({ clock: systemClock })
  const circuit = createBreaker('webhook', { openMs: 60_000, errorThreshold: 5, isFailure: isReceiverIll }, kit)
  const to = webhook && { ...webhook, circuit }
  const teller = createTeller({ ...kit, events, webhook: to, onEndTold: async () => undefined })
  return { notes, metrics: kit.metrics, teller }
}

describe('telling people', () => {
  it('sends one signed message, readable for Slack and for programs', async () => {
    const { url, received, stop } = await receiver([])
    const { teller, notes } = tellerTo({ url, secret: 'shared' })
    const plan = planFor(await createWorld(), [{ with: { toRevision: 1 } }])
    for (let i = 0; i < 3; i++) teller.tell(plan, 'recovered', 'All 4 pods are available.', { mayNote: true })
    await teller.drain()
    stop()
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
    const { url, received, stop } = await receiver([500, 503])
    const { teller, metrics } = tellerTo({ url })
    const plan = planFor(await createWorld(), [])
    teller.tell(plan, 'escalated', 'A person is needed.', { mayNote: false })
    await teller.drain()
    stop()
    assert.equal(received.length, 3)
    const gone = tellerTo({ url })
    gone.teller.tell(plan, 'failed', 'It did not help.', { mayNote: false })
    await gone.teller.drain()
    assert.match(await metrics.registry.metrics(), /kubewise_notifications_total\{outcome="sent"\} 1/)
    assert.match(await gone.metrics.registry.metrics(), /kubewise_notifications_total\{outcome="failed"\} 1/)
  })

  it('writes no Event where nothing may be written', async () => {
    const { teller, notes } = tellerTo(undefined)
    teller.tell(planFor(await createWorld(), []), 'refused', 'Mode observe.', { mayNote: false })
    await teller.drain()
    assert.deepEqual(notes, [])
  })
})
