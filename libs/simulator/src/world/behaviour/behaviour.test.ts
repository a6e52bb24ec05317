import assert from 'node:assert/strict'
import type { Container } from '@kubewise/kube'
import * as fc from 'fast-check'
import { seededRandom } from '../../objects/random.ts'
import { HOUR_MS } from '../time.ts'
import { behaviourOf, type Behaviour } from './behaviour.ts'
import { loadAt, nextNoise } from './load.ts'

const container: Container = { name: 'app', resources: { limits: { cpu: '400m', memory: '256Mi' } } }
const annotated = (text: string) => behaviourOf({ 'simulator.kubewise.io/app': text }, container)

describe('behaviour of a container', () => {
  it('is by default that of a process well below its limits', () => {
    const { behaviour, mistakes } = behaviourOf(undefined, container)
    assert.deepEqual(mistakes, [])
    assert.equal(behaviour.memoryMi, 102)
    assert.equal(behaviour.cpuMilli, 100)
    assert.equal(behaviour.crashAfterSeconds, undefined)
  })

  it('is what its annotation says, and the default for the rest', () => {
    const { behaviour, mistakes } = annotated('{"memoryMi": 300, "requiresEnv": {"A": "*"}, "load": {"daily": 0.9}}')
    assert.deepEqual(mistakes, [])
    assert.deepEqual(
      [behaviour.memoryMi, behaviour.requiresEnv, behaviour.load, behaviour.cpuMilli],
      [300, { A: '*' }, { daily: 0.9 }, 100],
    )
  })

  it('of one container is not that of another', () => {
    assert.equal(behaviourOf({ 'simulator.kubewise.io/other': '{"memoryMi": 300}' }, container).behaviour.memoryMi, 102)
  })

  const wrong: [string, RegExp][] = [
    ['{', /app: not JSON/],
    ['[]', /app: expected an object, got \[\]/],
    ['{"memoryMi": "much"}', /memoryMi: expected a number >= 0, got "much"/],
    ['{"memoryMi": -1}', /memoryMi: expected a number >= 0, got -1/],
    ['{"memory": 1}', /memory: not known; expected one of readyAfterSeconds, /],
    ['{"load": {"daily": 2}}', /load: expected \{"daily": number from 0 to 1\}/],
    ['{"requiresEnv": {"A": 1}}', /requiresEnv: expected an object of strings/],
    ['{"requiresService": 1}', /requiresService: expected the name of a Service/],
  ]
  for (const [text, say] of wrong)
    it(`cannot be read from ${text}`, () => assert.match(annotated(text).mistakes.join('\n'), say))

  it('tells all mistakes at once', () =>
    assert.equal(annotated('{"cpuMilli": "x", "memoryMi": "y", "z": 1}').mistakes.length, 3))

  it('is read from any text without a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => assert.ok(Array.isArray(annotated(text).mistakes))),
    )
  })

  const commands: [string[], Partial<Behaviour>][] = [
    [['sh', '-c', 'exit 1'], { crashAfterSeconds: 0, exitCode: 1 }],
    [['sh', '-c', 'sleep 5; exit 3'], { crashAfterSeconds: 5, exitCode: 3 }],
    [['sleep', '30'], { crashAfterSeconds: 30, exitCode: 0 }],
    [['/bin/false'], { crashAfterSeconds: 0, exitCode: 1 }],
    [['true'], { crashAfterSeconds: 0, exitCode: 0 }],
    [['tail', '/dev/zero'], { memoryGrowthMiPerSecond: 512 }],
    [['sh', '-c', 'while :; do :; done'], { cpuMilli: 100_000 }],
  ]
  for (const [command, expected] of commands)
    it(`follows from the command ${command.join(' ')}`, () => {
      const { behaviour } = behaviourOf(undefined, { ...container, command })
      assert.deepEqual({ ...behaviour, ...expected }, behaviour)
    })

  for (const command of [
    ['sh', '-c', 'while true; do sleep 3600; done'],
    ['sleep', 'infinity'],
    ['httpd', '-f'],
  ])
    it(`lets ${command.join(' ')} run for ever`, () =>
      assert.equal(behaviourOf(undefined, { ...container, command }).behaviour.crashAfterSeconds, undefined))
})

describe('load', () => {
  it('has its peak at two in the afternoon and its mean over a day', () => {
    const hours = Array.from({ length: 24 }, (_, hour) => loadAt(0.5, hour * HOUR_MS))
    assert.equal(Math.max(...hours), hours[14])
    assert.ok(Math.abs(hours[14]! - 1.5) < 1e-9)
    assert.ok(Math.abs(hours.reduce((sum, load) => sum + load, 0) / 24 - 1) < 1e-9)
  })

  it('has noise around 0 with a deviation of about 1, whatever the step', () => {
    for (const seconds of [0.5, 5, 60]) {
      const random = seededRandom(3)
      let noise = 0
      const values = Array.from({ length: 20_000 }, () => (noise = nextNoise(noise, seconds, random)))
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
      assert.ok(Math.abs(mean) < 0.3 && deviation > 0.8 && deviation < 1.2, `${seconds} s: ${mean} ± ${deviation}`)
    }
  })
})
