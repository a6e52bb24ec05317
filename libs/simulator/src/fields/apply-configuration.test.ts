import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { typeOfKind } from '../schema/schema.ts'
import { applyConfiguration, ApplyConflictError, type ApplyResult } from './apply-configuration.ts'
import { EMPTY, printMembers } from './field-set.ts'
import type { Manager } from './managers.ts'
import { DuplicateItemError } from './merge.ts'
import { trackUpdate } from './track-update.ts'

const TYPE = typeOfKind('v1', 'Pod')
const TIME = '2026-01-01T00:00:00Z'

interface State {
  object: object
  managers: Manager[]
}

const NOTHING: State = { object: {}, managers: [] }

function identity(manager: string, operation: Manager['operation']) {
  return { manager, operation, apiVersion: 'v1', subresource: '' }
}

function apply(state: State, manager: string, configuration: object, isForced = false): ApplyResult {
  return applyConfiguration(state.managers, {
    live: state.object,
    configuration,
    type: TYPE,
    identity: identity(manager, 'Apply'),
    ignored: EMPTY,
    isForced,
    time: TIME,
  })
}

function update(state: State, manager: string, object: object): State {
  const managers = trackUpdate(state.managers, {
    before: state.object,
    after: object,
    type: TYPE,
    identity: identity(manager, 'Update'),
    ignored: EMPTY,
    time: TIME,
  })
  return { object, managers }
}

function fieldsOf({ managers }: State, manager: string): string[] {
  return printMembers(managers.find((it) => it.manager === manager)?.fields ?? EMPTY)
}

const labels = (values: object) => ({ metadata: { labels: values } })
const containers = (...list: object[]) => ({ spec: { containers: list } })

describe('server-side apply', () => {
  it('takes over what is applied, and notes whose it is', () => {
    const state = apply(NOTHING, 'a', labels({ x: '1' }))
    assert.deepEqual(state.object, labels({ x: '1' }))
    assert.deepEqual(fieldsOf(state, 'a'), ['.metadata.labels.x'])
  })

  it('removes what the applier applies no more, and nothing of others', () => {
    const first = apply(apply(NOTHING, 'a', labels({ x: '1', y: '2' })), 'b', labels({ z: '3' }))
    assert.deepEqual(apply(first, 'a', labels({ x: '1' })).object, labels({ x: '1', z: '3' }))
  })

  it('keeps what two apply alike until both let go', () => {
    const both = apply(apply(NOTHING, 'a', labels({ x: '1' })), 'b', labels({ x: '1' }))
    const one = apply(both, 'a', {})
    assert.deepEqual(one.object, labels({ x: '1' }))
    assert.deepEqual(apply(one, 'b', {}).object, {})
  })

  it('refuses to change what another applied, but for force, which takes it', () => {
    const state = apply(NOTHING, 'a', labels({ x: '1' }))
    assert.throws(
      () => apply(state, 'b', labels({ x: '2' })),
      (error) => error instanceof ApplyConflictError && error.conflicts[0]?.path === '.metadata.labels.x',
    )
    const taken = apply(state, 'b', labels({ x: '2' }), true)
    assert.deepEqual(taken.object, labels({ x: '2' }))
    assert.deepEqual(fieldsOf(taken, 'a'), [])
  })

  it('gives an updater what it changes, and takes it from the applier', () => {
    const state = update(apply(NOTHING, 'a', labels({ x: '1', y: '2' })), 'u', labels({ x: '9', y: '2' }))
    assert.deepEqual(fieldsOf(state, 'u'), ['.metadata.labels.x'])
    assert.deepEqual(fieldsOf(state, 'a'), ['.metadata.labels.y'])
  })

  it('forgets who had what is removed', () => {
    const state = update(apply(NOTHING, 'a', labels({ x: '1' })), 'u', {})
    assert.deepEqual(
      state.managers.flatMap(({ fields }) => printMembers(fields)),
      [],
    )
  })

  it('merges lists by the keys of their items, ports by number and protocol', () => {
    const first = apply(
      NOTHING,
      'a',
      containers({ name: 'app', image: '1', ports: [{ containerPort: 80, protocol: 'TCP' }] }),
    )
    const second = apply(
      first,
      'b',
      containers({ name: 'app', ports: [{ containerPort: 80, protocol: 'UDP' }] }, { name: 'side', image: '2' }),
    )
    assert.deepEqual(second.object, {
      spec: {
        containers: [
          {
            name: 'app',
            image: '1',
            ports: [
              { containerPort: 80, protocol: 'TCP' },
              { containerPort: 80, protocol: 'UDP' },
            ],
          },
          { name: 'side', image: '2' },
        ],
      },
    })
  })

  it('takes a list that is one value as a whole', () => {
    const first = apply(NOTHING, 'a', containers({ name: 'app', args: ['a', 'b'] }))
    assert.deepEqual(
      apply(first, 'a', containers({ name: 'app', args: ['c'] })).object,
      containers({ name: 'app', args: ['c'] }),
    )
  })

  it('refuses one item twice, and says where', () => {
    assert.throws(
      () => apply(NOTHING, 'a', containers({ name: 'app' }, { name: 'app' })),
      (error) =>
        error instanceof DuplicateItemError &&
        error.message === '.spec.containers: duplicate entries for key [name="app"]',
    )
  })

  it('changes nothing where the same is applied again', () => {
    const configuration = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'))
    fc.assert(
      fc.property(configuration, configuration, (mine, theirs) => {
        const once = apply(apply(NOTHING, 'other', labels(theirs)), 'me', labels(mine), true)
        const twice = apply(once, 'me', labels(mine))
        assert.deepEqual(twice.object, once.object)
        assert.deepEqual(fieldsOf(twice, 'me'), fieldsOf(once, 'me'))
      }),
    )
  })

  it('ends where the last forced configuration says, whoever came before', () => {
    const configuration = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'))
    const step = fc.tuple(fc.constantFrom('p', 'q'), configuration)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), configuration, (steps, last) => {
        const state = steps.reduce<State>(
          (before, [manager, values]) => apply(before, manager, labels(values), true),
          NOTHING,
        )
        const { object } = apply(state, 'me', labels(last), true)
        const found = (object as { metadata?: { labels?: Record<string, string> } }).metadata?.labels ?? {}
        for (const [name, value] of Object.entries(last)) assert.equal(found[name], value)
      }),
    )
  })
})
