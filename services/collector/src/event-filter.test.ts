import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { ConfigError } from '@kubewise/service'
import { readConfig } from './config.ts'
import { createEventFilter, EVERYTHING, type EventFilterSettings } from './event-filter.ts'
import { NEEDED_REASONS } from './needed-reasons.ts'

type Some = Partial<EventFilterSettings>
const settingsOf = (some: Some): EventFilterSettings => ({ ...EVERYTHING, ...some })
const eventOf = (type: string, reason: string, kind: string) => ({
  type: type as 'Normal' | 'Warning',
  reason,
  entity: { kind },
})
const read = (env: Record<string, string>) => readConfig({ NATS_URL: 'nats://n:4222', ...env })

describe('the Event filter', () => {
  const cases: [string, Some, [type: string, reason: string, kind: string], string][] = [
    ['lets all in unless told', {}, ['Normal', 'Pulled', 'Pod'], 'passed'],
    ['knows types that are let in', { EVENT_TYPES: ['Warning'] }, ['Normal', 'Pulled', 'Pod'], 'type'],
    ['lets in what it names', { EVENT_TYPES: ['Warning'] }, ['Warning', 'FailedX', 'Pod'], 'passed'],
    ['knows types that are left out', { EVENT_TYPES: ['!Normal'] }, ['Normal', 'Pulled', 'Pod'], 'type'],
    ['leaves a reason out', { EVENT_REASONS: ['!Pulled'] }, ['Normal', 'Pulled', 'Pod'], 'reason'],
    ['lets all other reasons in', { EVENT_REASONS: ['!Pulled'] }, ['Normal', 'Pulling', 'Pod'], 'passed'],
    ['lets only named reasons in', { EVENT_REASONS: ['Pulled'] }, ['Normal', 'Pulling', 'Pod'], 'reason'],
    ['knows beginnings', { EVENT_REASONS: ['Pull*'] }, ['Normal', 'Pulling', 'Pod'], 'passed'],
    ['takes a beginning for no middle', { EVENT_REASONS: ['Pull*'] }, ['Normal', 'ImagePull', 'Pod'], 'reason'],
    [
      'takes exceptions out of what is let in',
      { EVENT_REASONS: ['Pull*', '!Pulled'] },
      ['Normal', 'Pulled', 'Pod'],
      'reason',
    ],
    ['takes a dot for a dot', { EVENT_REASONS: ['a.b'] }, ['Normal', 'axb', 'Pod'], 'reason'],
    ['does not look at case', { EVENT_KINDS: ['!cronjob'] }, ['Normal', 'SawJob', 'CronJob'], 'kind'],
    ['lets only named kinds in', { EVENT_KINDS: ['Pod'] }, ['Warning', 'X', 'Certificate'], 'kind'],
    ['passes what rules need, whatever type', { EVENT_TYPES: ['Warning'] }, ['Normal', 'Killing', 'Pod'], 'needed'],
    [
      'passes what rules need, left out by name',
      { EVENT_REASONS: ['!Unhealthy'] },
      ['Warning', 'Unhealthy', 'Pod'],
      'needed',
    ],
    ['passes what rules need, whatever kind', { EVENT_KINDS: ['!Pod'] }, ['Warning', 'Evicted', 'Pod'], 'needed'],
    ['is not led by names of JavaScript', { EVENT_KINDS: ['!Pod'] }, ['Warning', '__proto__', 'Pod'], 'kind'],
  ]
  for (const [name, settings, event, code] of cases)
    it(`${name}: ${event.join(' ')} is ${code}`, () =>
      assert.equal(createEventFilter(settingsOf(settings))(eventOf(...event)).code, code))

  it('says which setting, which value and whose need', () => {
    const filter = createEventFilter(settingsOf({ EVENT_REASONS: ['!Unhealthy', '!Pulled'] }))
    assert.equal(
      filter(eventOf('Normal', 'Pulled', 'Pod')).say,
      'Events of reason Pulled are left out by EVENT_REASONS.',
    )
    assert.equal(
      filter(eventOf('Warning', 'Unhealthy', 'Pod')).say,
      'Events of reason Unhealthy are left out by EVENT_REASONS, but needed by probe-failed, killed-by-probe.',
    )
  })

  it('never takes from a rule what it needs, whatever is set', () => {
    const name = fc.stringMatching(/^!?[A-Za-z*][A-Za-z0-9*]{0,6}$/)
    const list = fc.array(name, { maxLength: 4 })
    const reason = fc.constantFrom(...Object.values(NEEDED_REASONS).flat())
    const settings = fc.record({ EVENT_TYPES: list, EVENT_REASONS: list, EVENT_KINDS: list })
    fc.assert(
      fc.property(settings, fc.constantFrom('Normal', 'Warning'), reason, (given, type, needed) => {
        const { code } = createEventFilter(given)(eventOf(type, needed, 'Pod'))
        assert.ok(code === 'passed' || code === 'needed', code)
      }),
    )
  })
})

describe('the settings of the Event filter', () => {
  it('are lists between commas, and nothing unless set', () => {
    const { EVENT_TYPES, EVENT_REASONS, EVENT_KINDS, EVENT_KEEP_HOURS } = read({
      EVENT_TYPES: 'warning',
      EVENT_REASONS: '!Pulled, !Pull*',
      EVENT_KEEP_HOURS: '2d',
    })
    assert.deepEqual([EVENT_TYPES, EVENT_REASONS, EVENT_KINDS], [['warning'], ['!Pulled', '!Pull*'], []])
    assert.equal(EVENT_KEEP_HOURS, 48)
    assert.equal(read({}).EVENT_KEEP_HOURS, 0)
  })

  const mistakes: [string, Record<string, string>, RegExp[]][] = [
    [
      'names that can be none',
      { EVENT_TYPES: 'Error', EVENT_REASONS: 'Back Off', EVENT_KINDS: '9', EVENT_KEEP_HOURS: '31d' },
      [
        /^EVENT_TYPES\[0\]: expected Normal, Warning.*got "Error"$/m,
        /^EVENT_REASONS\[0\]: expected a reason.*got "Back Off"$/m,
        /^EVENT_KINDS\[0\]: expected a kind.*got "9"$/m,
        /^EVENT_KEEP_HOURS: .*720 h/m,
      ],
    ],
    [
      'names that are let in and left out, with all else that is wrong',
      { EVENT_REASONS: 'Pulled,!pulled', EVENT_KINDS: '!*', PROM_QUERIES: '{"q":"sum("}' },
      [
        /^EVENT_REASONS: expected Pulled to be let in or left out, got Pulled and !Pulled$/m,
        /^EVENT_KINDS: expected something to be let in, got !\*, which lets in nothing$/m,
        /PROM_QUERIES/,
      ],
    ],
    ['types that are all left out', { EVENT_TYPES: '!Normal,!warning' }, [/^EVENT_TYPES: expected something/m]],
    ['reasons that are all left out', { EVENT_REASONS: 'Pulled,!Pull*' }, [/^EVENT_REASONS: expected something/m]],
  ]
  for (const [name, env, expected] of mistakes)
    it(`do not take ${name}`, () =>
      assert.throws(
        () => read(env),
        (error) => {
          assert.ok(error instanceof ConfigError)
          for (const pattern of expected) assert.match(error.message, pattern)
          return true
        },
      ))
})
