import assert from 'node:assert/strict'
import type { Execution, Plan } from '@kubewise/contracts'
import { readAllowList } from '@kubewise/service'
import { createWorld, planFor } from '../../fixture/world.ts'
import { messageOf, type Happening } from '../message.ts'
import type { Receiver } from '../receiver.ts'
import { postOf } from './format.ts'
import { SIGNATURE_HEADER, signatureOf } from './webhook.ts'

const to = (kind: Receiver['kind'], given: Partial<Receiver> = {}): Receiver => ({
  name: 'ops',
  kind,
  url: 'https://x.example/am',
  allow: readAllowList([]).list,
  mayUseHttp: false,
  groupMs: 0,
  perMinute: 20,
  ...given,
})

const executionOf = (plan: Plan, status: Execution['status'], finishedMs: number): Execution => {
  const step = {
    id: 'step-1',
    action: 'rollback@1',
    object: plan.target,
    isFallback: false,
    status: 'undone' as const,
    marker: 'm',
    sentMs: 1,
    changes: [{ path: '/spec/template/image', before: 'bad:2', after: 'good:1' }],
    undo: { how: 'restore' as const, say: 'The template as it was.', status: 'done' as const },
  }
  const evicted = {
    ...step,
    id: 'step-2',
    action: 'evict-pod@1',
    status: 'failed' as const,
    changes: [],
    undo: { how: 'none' as const, say: 'an eviction cannot be taken back', status: 'not-possible' as const },
  }
  const check = { name: 'workload-available', value: 'not-recovered' as const, say: '1 of 4 pods; <!channel> @here' }
  return {
    _id: plan._id,
    version: 1,
    cluster: plan.cluster,
    incident: plan.incident,
    target: plan.target,
    planHash: plan.hash,
    status,
    holder: 'h',
    holderUntilMs: 0,
    epoch: 1,
    claimedMs: plan.createdMs,
    finishedMs,
    steps: [step, evicted],
    verdict: { value: 'not-recovered', say: 'It did not help.', checks: [check], atMs: finishedMs },
  }
}

async function made(happening: Happening, say = 'Look at it.', overrides: Partial<Plan> = {}) {
  const plan = planFor(await createWorld(), [{ with: { toRevision: 1 } }], overrides)
  const isEnd = !['waiting', 'acting'].includes(happening)
  const execution = isEnd ? executionOf(plan, happening as Execution['status'], plan.createdMs + 90_000) : undefined
  const untilMs = happening === 'waiting' ? plan.notAfterMs : undefined
  const about = { ...(execution && { execution }), ...(untilMs !== undefined && { untilMs }) }
  return { plan, message: messageOf(plan, happening, say, about) }
}

describe('a message to Slack', () => {
  it('tells who takes over what was tried, seen and taken back', async () => {
    const { message } = await made('undone')
    const { text } = JSON.parse(postOf(to('slack'), [message]).body) as { text: string }
    assert.match(text, /Tried:\n• .*Roll.*: undone, \/spec\/template\/image bad:2 → good:1/)
    assert.match(text, /Seen:\n• It did not help\.\n• workload-available: not-recovered, 1 of 4 pods/)
    assert.match(text, /Taken back:\n• .*: taken back\n• .*: stands, an eviction cannot be taken back/)
  })

  it('calls nobody whom the cluster names, and looks nothing up', async () => {
    const { message } = await made('undone', 'see <http://evil|here> <!channel> @channel\n*KubeWise*: all is well')
    const body = JSON.parse(postOf(to('slack'), [message]).body) as Record<string, unknown>
    assert.doesNotMatch(String(body['text']), /<|@channel|@here|\n\*KubeWise/)
    assert.deepEqual([body['unfurl_links'], body['unfurl_media'], body['link_names']], [false, false, false])
  })

  it('is short, however much there is to tell', async () => {
    const { plan } = await made('acting')
    const execution = executionOf(plan, 'failed', 1)
    const steps = Array.from({ length: 300 }, () => ({ ...execution.steps[0]!, answer: 'x '.repeat(500) }))
    const message = messageOf(plan, 'failed', 'y '.repeat(5000), { execution: { ...execution, steps } })
    assert.ok(message.text.length < 4000, `${message.text.length}`)
    const many = Array.from({ length: 100 }, () => message)
    const { text } = JSON.parse(postOf(to('slack'), many).body) as { text: string }
    assert.match(text, /100 messages[\s\S]*80 more/)
    assert.ok(text.length < 30_000)
  })
})

describe('a message to a webhook', () => {
  it('is signed as it is sent; several have a text and an id of their own', async () => {
    const { message } = await made('recovered')
    const { message: other } = await made('failed')
    const receiver = to('webhook', { secret: 'shared' })
    const one = postOf(receiver, [message])
    assert.equal(one.headers[SIGNATURE_HEADER], signatureOf(one.body, 'shared'))
    assert.deepEqual(JSON.parse(one.body), JSON.parse(JSON.stringify(message)))
    const two = JSON.parse(postOf(receiver, [message, other]).body) as { id: string; messages: { id: string }[] }
    assert.deepEqual(
      two.messages.map(({ id }) => id),
      [message.id, other.id],
    )
    assert.equal(two.id, (JSON.parse(postOf(receiver, [message, other]).body) as { id: string }).id)
  })
})

interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: string
  endsAt: string
}

describe('an alert', () => {
  const alertsOf = (post: { body: string }) => JSON.parse(post.body) as Alert[]

  it('stands while it waits, is the same one to its end, and ends with the recovery', async () => {
    const { plan, message } = await made('waiting')
    const receiver = to('alertmanager', { labels: { severity: 'warning', alertname: 'Mine' }, secret: 't' })
    const post = postOf(receiver, [message])
    assert.equal(post.url, 'https://x.example/am/api/v2/alerts')
    assert.equal(post.headers['authorization'], 'Bearer t')
    const [waiting] = alertsOf(post)
    assert.equal(waiting!.endsAt, new Date(plan.notAfterMs).toISOString())
    const ended = messageOf(plan, 'recovered', 'Well.', {
      execution: executionOf(plan, 'recovered', plan.createdMs + 90_000),
    })
    const [recovered] = alertsOf(postOf(receiver, [message, ended]))
    assert.deepEqual(recovered!.labels, waiting!.labels)
    assert.equal(recovered!.labels['alertname'], 'KubeWiseRemediation')
    assert.equal(recovered!.endsAt, new Date(plan.createdMs + 90_000).toISOString())
    assert.equal(recovered!.startsAt, waiting!.startsAt)
  })

  for (const happening of ['failed', 'undone', 'escalated'] as const)
    it(`stands a day for a person: ${happening}`, async () => {
      const { plan, message } = await made(happening)
      const [alert] = alertsOf(postOf(to('alertmanager'), [message]))
      assert.equal(Date.parse(alert!.endsAt), plan.createdMs + 90_000 + 24 * 3_600_000)
      assert.match(alert!.annotations['taken_back'] ?? '', /taken back; .*stands/)
    })
})
