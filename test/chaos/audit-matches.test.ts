import assert from 'node:assert/strict'
import { auditLink, type AuditEntry, type AuditRecord } from '@kubewise/contracts'
import { auditMismatches, type LoggedWrite } from './audit-matches.ts'

function chainOf(...entries: Pick<AuditEntry, 'event' | 'detail'>[]): AuditRecord[] {
  const links: AuditRecord[] = []
  for (const entry of entries)
    links.push({ ...auditLink('executor', links.at(-1), { atMs: 1, actor: 'a', say: 'so', ...entry }), version: 1 })
  return links
}
const uidChange = [{ path: '/metadata/uid', before: 'pod-uid', after: null }]
const intent = (marker: string, changes: unknown = []) => ({ event: 'intent' as const, detail: { marker, changes } })
const effect = (marker: string) => ({ event: 'effect' as const, detail: { marker } })
const undoIntent = (marker: string) => ({ event: 'undo-intent' as const, detail: { marker, changes: [] } })
const undoEffect = (marker: string) => ({ event: 'undo-effect' as const, detail: { marker } })

const of = { namespace: 'shop', name: 'web', status: 200, isDryRun: false }
const patch = (marker: string): LoggedWrite => ({
  ...of,
  verb: 'patch',
  resource: 'deployments',
  body: [
    { op: 'test', path: '/metadata/annotations/kubewise.io~1step', value: 'before' },
    { op: 'replace', path: '/spec/replicas', value: 3 },
    { op: 'add', path: '/metadata/annotations/kubewise.io~1step', value: marker },
  ],
})
const firstPatch = (marker: string): LoggedWrite => ({
  ...patch(marker),
  body: [{ op: 'add', path: '/metadata/annotations', value: { 'kubewise.io/step': marker } }],
})
const evict: LoggedWrite = {
  ...of,
  status: 201,
  verb: 'create',
  resource: 'pods',
  subresource: 'eviction',
  body: { kind: 'Eviction', deleteOptions: { preconditions: { uid: 'pod-uid' } } },
}
const remove: LoggedWrite = { ...of, verb: 'delete', resource: 'pods', body: { preconditions: { uid: 'pod-uid' } } }
const create: LoggedWrite = {
  ...of,
  status: 201,
  verb: 'create',
  resource: 'jobs',
  body: { metadata: { annotations: { 'kubewise.io/step': 'p/s/1' } } },
}
const event: LoggedWrite = { ...of, status: 201, verb: 'create', resource: 'events', body: {} }
const marked = chainOf(intent('p/s/1'), effect('p/s/1'))
const taken = chainOf(intent('p/s/1', uidChange), effect('p/s/1'))

describe('the API server’s log and the audit chain', () => {
  const cases: [string, LoggedWrite[], AuditRecord[], string[]][] = [
    ['nothing done, nothing told', [], [], []],
    ['a patch', [patch('p/s/1')], marked, []],
    ['the first annotation of an object', [firstPatch('p/s/1')], marked, []],
    ['an eviction', [evict], taken, []],
    ['a deletion', [remove], taken, []],
    ['what was made', [create], marked, []],
    [
      'one taken back',
      [patch('p/s/1'), patch('p/s/1/undo')],
      chainOf(intent('p/s/1'), effect('p/s/1'), undoIntent('p/s/1/undo'), undoEffect('p/s/1/undo')),
      [],
    ],
    [
      'an intent that was not followed, a write that was refused',
      [{ ...patch('p/s/1'), status: 409 }],
      chainOf(intent('p/s/1')),
      [],
    ],
    ['a dry run, an Event', [{ ...patch('x'), isDryRun: true }, event], [], []],
    [
      'an intent that was repeated by another executor, of which one landed',
      [patch('p/s/2')],
      chainOf(intent('p/s/1'), intent('p/s/2'), effect('p/s/2')),
      [],
    ],
    ['a write that nobody meant', [patch('p/s/1')], [], ['write-without-intent', 'write-unrecorded']],
    ['one without a mark', [{ ...patch('p/s/1'), body: { spec: {} } }], [], ['write-without-intent']],
    ['an eviction that nobody meant', [evict], marked, ['write-without-intent', 'effect-unwritten']],
    ['a write whose effect is not told', [patch('p/s/1')], chainOf(intent('p/s/1')), ['write-unrecorded']],
    ['one that landed twice', [patch('p/s/1'), patch('p/s/1')], marked, ['written-twice']],
    [
      'one told as done twice',
      [patch('p/s/1')],
      chainOf(intent('p/s/1'), effect('p/s/1'), effect('p/s/1')),
      ['effect-twice'],
    ],
    ['one told as done that was not', [], marked, ['effect-unwritten']],
    [
      'one told under another mark',
      [patch('p/s/1')],
      chainOf(intent('p/s/1'), effect('p/s/2')),
      ['write-unrecorded', 'effect-unwritten'],
    ],
  ]
  for (const [name, writes, links, expected] of cases)
    it(`${name}: ${expected.join(', ') || 'match'}`, () =>
      assert.deepEqual(
        auditMismatches(writes, links).map(({ code }) => code),
        expected,
      ))
})
