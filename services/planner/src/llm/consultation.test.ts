import assert from 'node:assert/strict'
import { COLLECTIONS } from '@kubewise/contracts'
import type { Environment } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import { hostile, LLM_FAULTS, LLM_MISANSWERS, reluctant, startLlm, VirtualClock, type FakeLlm } from '@kubewise/testkit'
import { benchOf, type Bench, type Options } from '../fixture/bench.ts'
import { signal } from '../fixture/context.ts'
import { NOW } from '../fixture/objects.ts'
import { testRecord } from '../fixture/record.ts'
import { settled } from '../fixture/worlds.ts'

/** One pod of three runs and is not ready, and no playbook knows why. */
const hanging = () =>
  settled([{ ready: false }, {}, {}], {
    signals: [signal('pod-not-ready', 'web-0')],
    incident: { openedMs: NOW - 120_000 },
  })

const settingsOf = ({ openAiUrl }: FakeLlm, more: Environment = {}): Environment => ({
  OPENAI_BASE_URL: openAiUrl,
  OPENAI_MODEL: 'test-model',
  KUBEWISE_LLM_TIMEOUT: '1',
  ...more,
})

const bench = (store: Store, llm: Environment, options: Options = {}) => benchOf(store, hanging, { ...options, llm })

/** Decides, lets the model answer, decides again. */
async function decideTwice(one: Bench): Promise<void> {
  await one.decide()
  await one.answered()
  await one.decide()
}

const lastPlan = async (one: Bench) => (await one.plans()).at(-1) ?? assert.fail('no plan')
const spend = async (store: Store) =>
  (await store.collection(COLLECTIONS.spend).get('prod')) ?? assert.fail('nothing spent')
const actionsOf = (plan: { steps: readonly { action: string }[] }) => plan.steps.map(({ action }) => action)

describe('an incident that no playbook knows', () => {
  it('is put before a model, whose choice becomes a plan that waits for a person', async () => {
    await using record = await testRecord()
    await using llm = await startLlm()
    const one = await bench(record.store, settingsOf(llm))
    await one.decide()
    assert.equal((await one.read()).decision?.code, 'model-asked')
    await one.answered()
    await one.decide()
    const plan = await lastPlan(one)
    assert.deepEqual(actionsOf(plan), ['evict-pod@1'])
    assert.deepEqual(plan.steps[0]?.with, { pod: 'web-0', uid: 'uid-web-0' })
    assert.ok(
      plan.origin.kind === 'llm' && plan.origin.model === 'test-model' && /^[0-9a-f]{64}$/.test(plan.origin.prompt),
    )
    assert.deepEqual([plan.mode, plan.cause, plan.refusals], ['approve', 'unknown', []])
    assert.match(plan.reasoning, /A model chose.*test-model says: “The facts speak for it.”/)
    assert.ok(plan.cites.every((cite) => cite.startsWith('fact:')))
    assert.match(await one.metrics(), /kubewise_llm_answers_total\{outcome="answered"\} 1/)
  })

  it('may be acted upon as any other where that is switched on', async () => {
    await using record = await testRecord()
    await using llm = await startLlm()
    const one = await bench(record.store, settingsOf(llm), { mayModelAct: true })
    await decideTwice(one)
    assert.equal((await lastPlan(one)).mode, 'auto')
  })

  it('is left to a person when the model would do nothing, or none is set', async () => {
    await using record = await testRecord()
    await using llm = await startLlm(reluctant)
    const one = await bench(record.store, settingsOf(llm))
    await decideTwice(one)
    const plan = await lastPlan(one)
    assert.deepEqual([actionsOf(plan), plan.origin.kind], [['escalate@1'], 'playbook'])
    await using other = await testRecord()
    const without = await bench(other.store, {})
    await without.decide()
    assert.deepEqual([actionsOf(await lastPlan(without)), llm.questions.length], [['escalate@1'], 1])
  })

  it('is asked about once for the same evidence, also after a restart, and shows no name of the cluster', async () => {
    await using record = await testRecord()
    await using llm = await startLlm()
    await decideTwice(await bench(record.store, settingsOf(llm)))
    const again = await bench(record.store, settingsOf(llm))
    await decideTwice(again)
    assert.equal(llm.questions.length, 1)
    assert.equal((await again.plans()).length, 1)
    assert.doesNotMatch(llm.bodies.join(), /web-0|shop|uid-/)
  })

  it('keeps the prompt by its hash where that is switched on', async () => {
    await using record = await testRecord()
    await using llm = await startLlm()
    const one = await bench(record.store, settingsOf(llm, { KUBEWISE_LLM_KEEP_PROMPTS: 'true' }))
    await decideTwice(one)
    const { origin } = await lastPlan(one)
    const kept = await record.store.collection(COLLECTIONS.prompts).get(origin.kind === 'llm' ? origin.prompt : '')
    assert.match(kept?.text ?? '', /Facts \[measured\]:\nfact:/)
  })
})

describe('a model that answers wrongly', () => {
  for (const [what, mind] of Object.entries(LLM_MISANSWERS))
    it(`${what}: is told once, then a person is`, async () => {
      await using record = await testRecord()
      await using llm = await startLlm(mind)
      const one = await bench(record.store, settingsOf(llm))
      await decideTwice(one)
      assert.deepEqual(actionsOf(await lastPlan(one)), ['escalate@1'])
      assert.equal(llm.questions.length, 2)
      assert.match(llm.questions[1]?.turns.at(-1) ?? '', /^Your answer cannot be used:\n- /)
      const [kept] = (await record.store.collection(COLLECTIONS.consultations).find()).items
      assert.deepEqual([kept?.status, kept?.calls], ['failed', 2])
    })

  it('once, is heard after its repair', async () => {
    await using record = await testRecord()
    await using llm = await startLlm(hostile)
    const one = await bench(record.store, settingsOf(llm))
    await decideTwice(one)
    const plan = await lastPlan(one)
    assert.deepEqual([actionsOf(plan), plan.steps[0]?.object.namespace], [['evict-pod@1'], 'shop'])
    assert.doesNotMatch(plan.reasoning, /\u202e/)
    assert.equal(llm.questions.length, 2)
  })

  for (const fault of LLM_FAULTS)
    it(`by ${fault}: a person is told, nothing crashes`, async () => {
      await using record = await testRecord()
      await using llm = await startLlm(fault)
      const one = await bench(record.store, settingsOf(llm))
      await decideTwice(one)
      assert.deepEqual(actionsOf(await lastPlan(one)), ['escalate@1'])
      assert.equal(llm.questions.length, 1)
    })

  it('for a while, is asked again when its server said so', async () => {
    await using record = await testRecord()
    await using llm = await startLlm('unavailable')
    const clock = new VirtualClock(NOW)
    const one = await bench(record.store, settingsOf(llm), { clock })
    await decideTwice(one)
    llm.becomes((question) => LLM_MISANSWERS['not-json']!(question, 1))
    await clock.advance(6_000)
    await decideTwice(one)
    assert.equal(llm.questions.length, 1)
    await clock.advance(2_000)
    await decideTwice(one)
    assert.equal(llm.questions.length, 3)
  })
})

describe('what a model may cost', () => {
  const limits: [string, Environment, RegExp][] = [
    ['money', { KUBEWISE_LLM_USD_PER_DAY: '0.001' }, /US dollars/],
    ['plans', { KUBEWISE_LLM_PLANS_PER_HOUR: '0' }, /plans were asked/],
    ['tokens', { KUBEWISE_LLM_TOKENS_PER_PLAN: '1000' }, /tokens of a plan/],
  ]
  for (const [what, limit, say] of limits)
    it(`is bounded in ${what}: beyond, nothing leaves and the reason is told`, async () => {
      await using record = await testRecord()
      await using llm = await startLlm()
      const one = await bench(record.store, settingsOf(llm, limit))
      await decideTwice(one)
      const plan = await lastPlan(one)
      assert.deepEqual([actionsOf(plan), llm.questions.length], [['escalate@1'], 0])
      assert.match(plan.reasoning, say)
    })

  it('is put aside before the call, and settled by what was used', async () => {
    await using record = await testRecord()
    await using llm = await startLlm()
    await decideTwice(await bench(record.store, settingsOf(llm)))
    const { microUsd, tokens, calls } = await spend(record.store)
    assert.deepEqual([microUsd, tokens, calls], [900 * 2 + 60 * 12, 960, 1])
  })

  it('stays put aside where the model gave no answer', async () => {
    await using record = await testRecord()
    await using llm = await startLlm('timeout')
    await decideTwice(await bench(record.store, settingsOf(llm)))
    const { tokens, calls } = await spend(record.store)
    assert.ok(tokens > 1024 && calls === 1)
  })
})

describe('a planner that dies while it asks', () => {
  for (const dieAt of ['planner:llm-claimed', 'planner:llm-reserved', 'planner:llm-called', 'planner:llm-recorded'])
    it(`at ${dieAt}: one plan in the end, at most one more call`, async () => {
      await using record = await testRecord()
      await using llm = await startLlm()
      const clock = new VirtualClock(NOW)
      const dying = await bench(record.store, settingsOf(llm), { dieAt, isDead: true, clock })
      await dying.decide()
      await dying.answered()
      const next = await bench(record.store, settingsOf(llm), { clock })
      await decideTwice(next)
      await clock.advance(30_000)
      await decideTwice(next)
      assert.ok(llm.questions.length <= 2, String(llm.questions.length))
      const plans = (await next.plans()).filter(({ origin }) => origin.kind === 'llm')
      assert.equal(plans.length, 1)
    })
})
