import assert from 'node:assert/strict'
import { KubeError } from '@kubewise/kube'
import { createLogger, explain, redactObject } from '@kubewise/service'
import type { Plan } from '@kubewise/contracts'
import type { Response } from 'express'
import { badRequest, problems } from '../../services/api/src/problem.ts'
import { eventOf } from '../../services/collector/src/event-of.ts'
import { messageOf } from '../../services/executor/src/tell/message.ts'
import { shownReasoning } from '../../services/planner/src/llm/answer.ts'
import { questionOf } from '../../services/planner/src/llm/prompt.ts'

const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BASE64 = `${BASE62}+/`

/** Numbers that look drawn, the same ones each time. */
function drawn(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
const draw = drawn(20_260_105)
const random = (length: number, alphabet = BASE62) =>
  Array.from({ length }, () => alphabet[draw(alphabet.length)]).join('')

/** Makes a secret, and a sentence as it would stand in. */
const KINDS: Readonly<Record<string, () => [secret: string, text: string]>> = {
  'key of AWS': () => tell(`AKIA${random(16, BASE62.slice(0, 26))}`, (it) => `denied for ${it}`),
  'secret key of AWS': () => tell(random(40, BASE64), (it) => `aws_secret_access_key=${it}`),
  'key of GCP': () => tell(`AIza${random(35)}`, (it) => `GET /v1?key=${it} failed`),
  'token of GitHub': () => tell(`ghp_${random(36)}`, (it) => `cannot clone with ${it}`),
  'token of Slack': () => tell(`xoxb-${random(12)}-${random(24)}`, (it) => `post by ${it}: not allowed`),
  'JSON Web Token': () => tell(`eyJ${random(30)}.eyJ${random(60)}.${random(43)}`, (it) => `token ${it} has expired`),
  'bearer token': () => tell(random(24), (it) => `curl -H "Authorization: Bearer ${it}" said 401`),
  'password in an address': () => tell(random(12), (it) => `dial postgres://app:${it}@db.shop:5432/x failed`),
  'password by its name': () => tell(random(10), (it) => `DB_PASSWORD=${it} is not accepted`),
  'password in JSON': () => tell(random(10), (it) => `rejected {"user":"app","password":"${it}"}`),
  'connection string': () => tell(random(14), (it) => `Server=db;User Id=app;Password=${it};Timeout=5`),
  'private key': () =>
    tell(random(64, BASE64), (it) => `bad key -----BEGIN PRIVATE KEY-----\n${it}\n-----END PRIVATE KEY----- in file`),
  'random text': () => tell(random(32), (it) => `started with ${it} and stopped`),
  'flag of a command': () => tell(random(9), (it) => `exec: mysql --password ${it} --host db`),
}
function tell(secret: string, sentence: (secret: string) => string): [string, string] {
  return [secret, sentence(secret)]
}

const PLAN = {
  _id: 'plan',
  cluster: 'prod',
  incident: 'incident',
  cause: 'unknown',
  risk: 'low',
  target: { cluster: 'prod', kind: 'Deployment', namespace: 'shop', name: 'web' },
} as Plan

function answeredBy(error: Error): string {
  let sent = ''
  const response = {
    headersSent: false,
    status: () => response,
    type: () => response,
    send: (body: string) => (sent = body),
  }
  const silent = { error: () => undefined } as unknown as Parameters<typeof problems>[0]
  void problems(silent)(error, {} as never, response as unknown as Response, () => undefined)
  return sent
}

const noOwners = {
  targetOf: (kind: string, namespace: string, name: string) => ({ cluster: 'prod', kind, namespace, name }),
}
const lines: string[] = []
const log = createLogger({ service: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } })
const logged = (write: () => void) => {
  write()
  return lines.splice(0).join('')
}
const quiet = { lines: [{ id: 'fact:a', path: 'a', text: 'b', isPassing: false }], alias: (name: string) => name }

/** Every way out of KubeWise for text from outside, by what really goes out there. */
const ROUTES: Readonly<Record<string, (text: string) => string>> = {
  'a line of the log': (text) => logged(() => log.info({ say: text, detail: { message: [text] } }, text)),
  'an error in the log': (text) =>
    logged(() => log.error({ err: new Error(text, { cause: new Error(text) }) }, 'failed')),
  'an Event on the bus': (text) =>
    JSON.stringify(
      eventOf(
        'prod',
        { regarding: { kind: 'Pod', name: 'web', namespace: 'shop' }, note: text, reason: text },
        noOwners,
        0,
      ),
    ),
  'the API server’s answer': (text) => new KubeError({ kind: 'invalid', message: text }).message,
  'a reason for health and refusals': (text) => explain(new Error('failed', { cause: new Error(text) })),
  'a notification': (text) =>
    JSON.stringify(
      messageOf({ ...PLAN, reasoning: text }, 'escalated', text, {
        status: 'refused',
        steps: [],
        refusal: { code: 'x', say: text },
      } as never),
    ),
  'an error of the API': (text) => answeredBy(badRequest([text])),
  'a prompt': (text) => questionOf({ evidence: quiet, candidates: [], templates: [{ text, count: 1 }] }),
  'the words of a model': (text) => shownReasoning(text),
  'an object': (text) =>
    JSON.stringify(
      redactObject({
        kind: 'Pod',
        metadata: { annotations: { note: text } },
        spec: { containers: [{ env: [{ name: 'A', value: text }], args: [text] }] },
      }),
    ),
}

const PLANTED = 10_000

describe('secrets that somebody planted', () => {
  const kinds = Object.entries(KINDS)
  const routes = Object.entries(ROUTES)
  const each = PLANTED / routes.length
  for (const [route, leave] of routes)
    it(`do not leave by ${route}`, () => {
      for (let index = 0; index < each; index++) {
        const [kind, make] = kinds[index % kinds.length] ?? assert.fail()
        const [secret, text] = make()
        const out = leave(text)
        assert.ok(out.length > 0 && !out.includes(secret), `${kind}: ${out}`)
        assert.ok(!out.includes(JSON.stringify(secret).slice(1, -1)), `${kind}: ${out}`)
      }
    })
})
