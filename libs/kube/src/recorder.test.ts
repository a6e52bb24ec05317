import assert from 'node:assert/strict'
import { silentLog, VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import type { EventObject } from './cluster-objects.ts'
import { KubeError } from './errors.ts'
import type { Kube } from './port.ts'
import { createEventRecorder, type Note } from './recorder.ts'

function setUp() {
  const clock = new VirtualClock(Date.parse('2025-01-01T00:00:00.123Z'))
  const written: EventObject[] = []
  const state = { isDown: false }
  const kube = {
    create: (_resource: unknown, object: EventObject) => {
      if (state.isDown) return Promise.reject(new KubeError({ kind: 'unreachable', message: 'down' }))
      written.push(object)
      return Promise.resolve(object)
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one kind that is written here
  } as unknown as Pick<Kube, 'create'>
  const recorder = createEventRecorder({ kube, clock, log: silentLog, reportingInstance: 'executor-0' })
  return { clock, written, state, recorder }
}

const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u1' }
const NOTE: Note = {
  regarding,
  type: 'Normal',
  reason: 'Remediated',
  action: 'RollBack',
  note: 'Rolled back to revision 6.',
}

describe('Event recorder', () => {
  it('writes an Event of events.k8s.io/v1 on the object', async () => {
    const { recorder, written } = setUp()
    assert.equal(await recorder.record(NOTE), 'written')
    const { metadata, ...event } = written[0]!
    assert.equal(metadata?.namespace, 'shop')
    assert.match(metadata?.name ?? '', /^web\.[0-9a-f]{16}$/)
    assert.deepEqual(event, {
      eventTime: '2025-01-01T00:00:00.123000Z',
      type: 'Normal',
      reason: 'Remediated',
      action: 'RollBack',
      note: 'Rolled back to revision 6.',
      regarding,
      reportingController: 'kubewise.io/executor',
      reportingInstance: 'executor-0',
    })
  })

  for (const namespace of [{}, { namespace: '' }])
    it(`writes of what lies in no namespace where the API server wants it: ${JSON.stringify(namespace)}`, async () => {
      const { recorder, written } = setUp()
      const node = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'u1' }
      await recorder.record({ ...NOTE, regarding: { ...node, ...namespace } })
      assert.equal(written[0]?.metadata?.namespace, 'default')
      assert.deepEqual(written[0]?.regarding, node)
    })

  it('does not repeat itself within two minutes, on the same object with the same words', async () => {
    const { recorder, clock } = setUp()
    const outcomes = [await recorder.record(NOTE), await recorder.record(NOTE)]
    outcomes.push(await recorder.record({ ...NOTE, note: 'Something else.' }))
    outcomes.push(await recorder.record({ ...NOTE, regarding: { ...regarding, name: 'api' } }))
    await clock.advance(121_000)
    outcomes.push(await recorder.record(NOTE))
    assert.deepEqual(outcomes, ['written', 'repeated', 'written', 'written', 'written'])
  })

  it('writes at most 25 at once on one object, then one in five minutes', async () => {
    const { recorder, clock } = setUp()
    const notes = Array.from({ length: 30 }, (_, index) => ({ ...NOTE, note: `note ${index}` }))
    const outcomes: string[] = []
    for (const note of notes) outcomes.push(await recorder.record(note))
    assert.equal(outcomes.filter((one) => one === 'written').length, 25)
    assert.deepEqual(
      outcomes.slice(25),
      Array.from({ length: 5 }, () => 'limited'),
    )
    assert.equal(
      await recorder.record({ ...NOTE, regarding: { ...regarding, name: 'api' } }),
      'written',
      'another object',
    )
    await clock.advance(301_000)
    assert.deepEqual([await recorder.record(notes[28]!), await recorder.record(notes[29]!)], ['written', 'limited'])
  })

  it('never throws, and says what failed once it can', async () => {
    const { recorder, state } = setUp()
    state.isDown = true
    assert.equal(await recorder.record(NOTE), 'failed')
    state.isDown = false
    assert.equal(await recorder.record(NOTE), 'written')
  })

  it('has a name of its own that the API takes, whatever the object is called', async () => {
    for (const name of ['system:node', 'UPPER', '', 'a..b', 'x'.repeat(300), '-a']) {
      const { recorder, written } = setUp()
      await recorder.record({ ...NOTE, regarding: { ...regarding, name } })
      assert.match(written[0]?.metadata?.name ?? '', /^object\.[0-9a-f]{16}$/)
    }
  })

  it('keeps every note within 1024 bytes and free of control characters, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 3_000, size: 'max' }),
        fc.string(),
        async (note, name) => {
          const { recorder, written } = setUp()
          assert.equal(await recorder.record({ ...NOTE, note, regarding: { ...regarding, name } }), 'written')
          const text = written[0]?.note ?? ''
          assert.ok(Buffer.byteLength(text) <= 1024)
          // oxlint-disable-next-line no-control-regex
          assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/)
          assert.doesNotMatch(text.slice(0, -1), /\uFFFD$/u)
        },
      ),
    )
  })
})
