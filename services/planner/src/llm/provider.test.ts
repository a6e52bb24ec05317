import assert from 'node:assert/strict'
import { LLM_FAULTS, startLlm, type LlmFault } from '@kubewise/testkit'
import { geminiProvider } from './gemini.ts'
import { openAiProvider } from './openai.ts'
import { LlmError, type LlmFailure, type LlmRequest, type Provider } from './provider.ts'

const REQUEST: LlmRequest = {
  system: 'choose',
  turns: [
    { role: 'user', text: 'c1: x' },
    { role: 'model', text: 'no' },
    { role: 'user', text: 'again' },
  ],
  schema: {
    type: 'object',
    properties: { candidate: { enum: ['c1', 'none'] }, cites: { items: { enum: ['fact:a'] } } },
  },
  maxOutputTokens: 100,
}
const never = new AbortController().signal
const timeoutMs = 400

const EXPECTED: Readonly<Record<LlmFault, LlmFailure>> = {
  timeout: 'timeout',
  reset: 'unreachable',
  'rate-limited': 'rate-limited',
  unavailable: 'unavailable',
  unauthorized: 'refused',
  redirect: 'refused',
  empty: 'empty',
  'nothing-said': 'empty',
  truncated: 'truncated',
  blocked: 'blocked',
  'wrong-content-type': 'wrong-content-type',
  html: 'wrong-content-type',
  malformed: 'malformed',
  list: 'malformed',
  'ten-megabytes': 'too-large',
  'slow-drip': 'timeout',
}

const PROTOCOLS: Readonly<Record<string, (llm: { geminiUrl: string; openAiUrl: string }) => Provider>> = {
  gemini: ({ geminiUrl }) => geminiProvider({ apiKey: 'k', model: 'test-model', timeoutMs, baseUrl: geminiUrl }),
  openai: ({ openAiUrl }) => openAiProvider({ apiKey: 'k', model: 'test-model', timeoutMs, baseUrl: openAiUrl }),
}

for (const [protocol, providerFor] of Object.entries(PROTOCOLS))
  describe(`a model by the protocol of ${protocol}`, () => {
    it('is asked with all turns and the schema, and what it says comes back with what it used', async () => {
      await using llm = await startLlm()
      const reply = await providerFor(llm).choose(REQUEST, never)
      assert.equal((JSON.parse(reply.text) as { candidate: string }).candidate, 'c1')
      assert.deepEqual(reply.tokens, { input: 900, output: 60 })
      const [asked] = llm.questions
      assert.deepEqual(
        [asked?.protocol, asked?.model, asked?.system, asked?.turns],
        [protocol, 'test-model', 'choose', ['c1: x', 'no', 'again']],
      )
      assert.deepEqual(asked?.schema, REQUEST.schema)
    })

    for (const fault of LLM_FAULTS)
      it(`that fails by ${fault} ends as ${EXPECTED[fault]}, asked once`, async () => {
        await using llm = await startLlm(fault)
        const error: unknown = await providerFor(llm)
          .choose(REQUEST, never)
          .then(
            () => undefined,
            (error: unknown) => error,
          )
        assert.ok(error instanceof LlmError, String(error))
        assert.equal(error.code, EXPECTED[fault])
        if (fault === 'rate-limited' || fault === 'unavailable') assert.equal(error.retryAfterMs, 7000)
        assert.equal(llm.bodies.length, 1)
      })

    it('that is not there is unreachable', async () => {
      const llm = await startLlm()
      const provider = providerFor(llm)
      await llm[Symbol.asyncDispose]()
      await assert.rejects(provider.choose(REQUEST, never), { name: 'LlmError', code: 'unreachable' })
    })

    it('ends with the reason of who gives up', async () => {
      await using llm = await startLlm('timeout')
      const controller = new AbortController()
      const asked = providerFor(llm).choose(REQUEST, controller.signal)
      controller.abort(new Error('stopping'))
      await assert.rejects(asked, /stopping/)
    })
  })
