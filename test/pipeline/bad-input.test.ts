import assert from 'node:assert/strict'
import { eventually, findNats, skipWithout } from '@kubewise/testkit'
import { startLab, type Lab } from './lab.ts'
import { publishRaw } from './raw-publish.ts'

const text = (value: string) => Buffer.from(value)
const GARBAGE: readonly Uint8Array[] = [
  text(''),
  text('not json'),
  text('null'),
  text('[]'),
  text('{"kind":"metric-batch"}'),
  text('{"kind":"object-state","__proto__":{"polluted":true}}'),
  text('{"kind":"anomaly","id":"x","severity":"catastrophic"}'),
  text('{"kind":"anomaly-resolved","id":"\\u0000","epoch":-1}'),
  text('{"kind":"plan-hint","plan":"../../etc"}'),
  text('{"kind":"execution","execution":{}}'),
  text(`{"kind":"kubernetes-event","message":"${'x'.repeat(100_000)}"}`),
  text('['.repeat(5000)),
  Uint8Array.from({ length: 256 }, (_, i) => i),
]
const TOKENS = [
  'in.00.metric',
  'in.07.object.x',
  'in.63.event.x',
  'in.12.control',
  'anomaly.00.x',
  'incident.x',
  'plan.x',
  'execution.x',
  'feedback',
  'audit.x',
  'dead.x',
]

describe('KubeWise under bad input', function () {
  skipWithout(findNats(), 'no nats-server found')
  let lab: Lab
  before(async () => (lab = await startLab()))
  after(() => lab?.[Symbol.asyncDispose]())

  it('counts garbage on every subject, loses nothing, and goes on repairing', async () => {
    const messages = TOKENS.flatMap((token) => GARBAGE.map((body) => ({ subject: `kubewise.v1.lab.${token}`, body })))
    await publishRaw(lab.nats.port, messages)
    await lab.repairs('bad-image', 'Deployment/search')
    const deadLetters = await lab.figure('kubewise_dead_letters_total')
    assert.ok(deadLetters >= GARBAGE.length * 4, `dead letters are counted, got ${deadLetters}`)
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    assert.equal((await fetch(`${lab.kubewise.apiUrl}/livez`)).status, 200)
  })

  it('goes on when the nats-server is killed and comes back', async () => {
    await lab.nats.kill('SIGKILL')
    await eventually(() => !lab.kubewise.bus.isConnected(), { timeoutMs: 30_000, say: 'the loss is noticed' })
    await lab.nats.restart()
    await eventually(() => lab.kubewise.bus.isConnected(), { timeoutMs: 30_000, say: 'the bus is back' })
    await lab.repairs('bad-rollout', 'Deployment/web')
  })

  const answers: [string, Parameters<Lab['simulator']['api']['fail']>[0]['with']][] = [
    ['errors', { status: 500 }],
    ['broken connections', 'reset'],
    ['half answers', 'truncate'],
    ['garbage', 'garbage'],
    ['410 for every watch', 'gone'],
  ]
  for (const [what, how] of answers)
    it(`goes on after an API server that gave ${what}`, async () => {
      const end = lab.simulator.api.fail({ match: {}, with: how, times: 60 })
      await lab.kit.clock.sleep(20_000)
      end()
      await lab.repairs('missing-config', 'Deployment/mailer')
    })
})
