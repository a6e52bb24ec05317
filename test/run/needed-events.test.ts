import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { NEEDED_REASONS } from '@kubewise/collector/needed-reasons'
import type { KubernetesEvent } from '@kubewise/contracts'
import { EVENT_RULES, memoryNameOf, SORTED_RULES } from '@kubewise/detector/rules/event-rules'

const event = (reason: string) => ({ reason, entity: { kind: 'Pod' } }) as KubernetesEvent

describe('the reasons of Events that no filter leaves out', () => {
  const needed = new Set(Object.values(NEEDED_REASONS).flat())

  it('are all that a rule of the detector names', () => {
    for (const { name, reasons } of EVENT_RULES) assert.deepEqual(NEEDED_REASONS[name], reasons, name)
    for (const { name } of SORTED_RULES) assert.ok(NEEDED_REASONS[name], name)
  })
  it('are all that the detector remembers', () => {
    const source = readFileSync('services/detector/src/rules/event-rules.ts', 'utf8')
    const words = new Set([...source.matchAll(/'([A-Z][A-Za-z]+)'/g)].map(([, word]) => word!))
    const remembered = [...words].filter((word) => memoryNameOf(event(word), undefined) !== undefined)
    assert.ok(remembered.includes('Killing') && remembered.includes('BackOff'))
    assert.deepEqual(
      remembered.filter((reason) => !needed.has(reason)),
      [],
    )
  })
  it('are none that nobody remembers', () =>
    assert.deepEqual(
      [...needed].filter((reason) => memoryNameOf(event(reason), undefined) === undefined),
      [],
    ))
})
