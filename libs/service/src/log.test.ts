import assert from 'node:assert/strict'
import { VirtualClock } from '@kubewise/testkit'
import { createLogger, silentLog, type Logger, type LogLevel } from './log.ts'

function capture(level: LogLevel = 'info'): { log: Logger; lines: string[]; last: () => Record<string, unknown> } {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const log = createLogger({ service: 'executor', level, destination, clock: new VirtualClock(0) })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

describe('createLogger', () => {
  it('writes one JSON object a line, with level in words, time of the clock and service', () => {
    const { log, lines, last } = capture()
    log.info({ code: 'pdb-exhausted', target: 'shop/Deployment/web' }, 'refused')
    assert.equal(lines[0]?.at(-1), '\n')
    assert.deepEqual(last(), {
      level: 'info',
      time: '1970-01-01T00:00:00.000Z',
      service: 'executor',
      code: 'pdb-exhausted',
      target: 'shop/Deployment/web',
      msg: 'refused',
    })
  })

  it('changes its level while it runs', () => {
    const { log, lines } = capture()
    log.debug('unheard')
    log.level = 'debug'
    log.debug('heard')
    assert.equal(lines.length, 1)
  })

  it('tells an error with its cause', () => {
    const { log, last } = capture()
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
    assert.match(JSON.stringify(last()['err']), /outer.*inner/)
  })

  const secrets: [string, (log: Logger) => void][] = [
    ['a field called token', (log) => log.info({ token: 'hunter2' }, 'x')],
    ['a header', (log) => log.info({ headers: { authorization: 'Bearer hunter2' } }, 'x')],
    ['a header of a request', (log) => log.info({ request: { headers: { authorization: 'hunter2' } } }, 'x')],
    [
      'a password in a connection string',
      (log) => log.info({ say: 'cannot reach mongodb://root:hunter2@db:27017/x' }, 'x'),
    ],
    ['a password in the message', (log) => log.info('nats://hunter2@n:4222 is gone')],
    ['a bearer token in an error', (log) => log.error({ err: new Error('sent Bearer hunter2') }, 'x')],
    ['an api key of a child', (log) => log.child({ apiKey: 'hunter2' }).info('x')],
  ]
  for (const [what, write] of secrets)
    it(`hides ${what}`, () => {
      const { log, lines, last } = capture()
      write(log)
      assert.ok(!lines[0]?.includes('hunter2'), lines[0])
      assert.ok(last()['level'])
    })

  it('lets no text from outside end a line or steer a terminal', () => {
    const { log, lines, last } = capture()
    const evil = 'a\r\n{"level":"fatal"}\u001b[2J\u009b31m\u2028\u202e\u0000'
    log.info({ reason: evil, [evil]: 1 }, evil)
    assert.equal(lines.length, 1)
    assert.doesNotMatch(lines[0]?.trimEnd() ?? '', /[\p{Cc}\u2028\u202e]/u)
    assert.deepEqual([last()['reason'], last()['msg'], last()[evil]], [evil, evil, 1])
  })

  it('can be silent', () => {
    const { log, lines } = capture('silent')
    log.fatal('x')
    assert.equal(lines.length, 0)
    assert.equal(silentLog.isLevelEnabled('fatal'), false)
  })
})
