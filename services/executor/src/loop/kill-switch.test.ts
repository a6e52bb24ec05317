import assert from 'node:assert/strict'
import { COLLECTIONS, type Plan } from '@kubewise/contracts'
import {
  createWorld,
  MINUTE,
  planFor,
  SECOND,
  template,
  untilOwed,
  untilSettled,
  type World,
} from '../fixture/world.ts'

const rollback = [{ with: { toRevision: 1 } }]
const twoSteps = [
  { id: 'more', action: 'scale@1', with: { replicas: 5 } },
  { id: 'back', action: 'rollback@1', with: { toRevision: 1 } },
]
/** With the ConfigMap, so that there are four channels. */
const config = { POD_NAMESPACE: 'kubewise' }

const silent = () => new Promise<never>(() => undefined)

interface Channel {
  name: string
  set(world: World): Promise<void> | void
  /** It answers with an error. */
  break(world: World): void
  /** It does not answer at all. */
  hang(world: World): void
}

const CHANNELS: readonly Channel[] = [
  {
    name: 'the bus',
    set: async (world) =>
      void (await (await world.bus.kv({ name: 'control', history: 8 })).put('kill', { reason: 'stop' })),
    break: (world) => void (world.bus.isDown = true),
    hang: (world) => void (world.bus.silentBucket = 'control'),
  },
  {
    name: 'the record',
    set: (world) =>
      world.store.put(COLLECTIONS.kill, {
        _id: 'kill',
        version: 1,
        isSet: true,
        by: 'ada',
        reason: 'stop',
        changedMs: 1,
      }),
    break: (world) => void (world.store.fault = ({ collection }) => (collection === 'kill' ? 'down' : 'none')),
    hang: (world) => void (world.store.fault = ({ collection }) => (collection === 'kill' ? 'silent' : 'none')),
  },
  {
    name: 'the file',
    set: (world) => void (world.killFile.text = 'stop'),
    break: (world) =>
      unreadable(world, () => Promise.reject(Object.assign(new Error('an I/O error'), { code: 'EIO' }))),
    hang: (world) => unreadable(world, silent),
  },
  {
    name: 'the ConfigMap',
    set: (world) =>
      void world.cluster.put({ kind: 'ConfigMap', metadata: { name: 'kubewise-kill', namespace: 'kubewise' } }),
    break: (world) => ofConfigMap(world, () => Promise.reject(new Error('the API server is gone'))),
    hang: (world) => ofConfigMap(world, silent),
  },
]

function unreadable(world: World, answer: () => Promise<never>): void {
  Object.defineProperty(world.killFile, 'text', { get: answer })
}

/** The API server answers all else. */
function ofConfigMap({ cluster }: World, answer: () => Promise<never>): void {
  const get = cluster.get.bind(cluster)
  cluster.get = (resource, ref, ...rest) => (resource.kind === 'ConfigMap' ? answer() : get(resource, ref, ...rest))
}

async function ill(): Promise<World> {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  return world
}

/** Something happens in the moment in which the first write is on its way. */
function atFirstWrite(world: World, then: () => unknown): void {
  let isFirst = true
  world.cluster.fault = () => {
    if (isFirst) {
      isFirst = false
      void then()
    }
    return 'none'
  }
}

async function begun(world: World, steps = rollback as Parameters<typeof planFor>[1]): Promise<Plan> {
  const plan = planFor(world, steps)
  await world.start(config)
  await world.propose(plan)
  return plan
}

describe('a record that is not the one whose head was kept', () => {
  it('has nothing done on its account, until a person has looked', async () => {
    const world = await ill()
    const head = { writer: 'executor', number: 3, position: 40, link: 'l', previous: 'p', atMs: 1, key: 'k', hash: 'h' }
    let isKept = true
    world.signer.kept = {
      place: () => 'audit.key.executor.head',
      last: async () => (isKept ? { _id: 'executor/000000000003', version: 1, ...head, signature: 's' } : undefined),
      keep: async () => undefined,
    }
    const plan = await begun(world)
    await world.clock.advance(MINUTE)
    const { refusal } = world.execution(plan) ?? {}
    assert.equal(refusal?.code, 'kill-switch')
    assert.match(refusal?.say ?? '', /set on the audit: head 3 of executor, kept in .*move that file away/)
    assert.deepEqual(world.cluster.landed(), [])
    isKept = false
    await world.clock.advance(2 * MINUTE)
    const next = planFor(world, rollback, { attempt: 2 })
    await world.propose(next)
    await untilSettled(world, next)
    assert.notDeepEqual(world.cluster.landed(), [])
    await world.stop()
  })
})

describe('the kill switch, by each of its channels alone', () => {
  for (const channel of CHANNELS) {
    it(`${channel.name}, set: nothing begins`, async () => {
      const world = await ill()
      await channel.set(world)
      const plan = await begun(world)
      await world.clock.advance(MINUTE)
      assert.equal(world.execution(plan)?.refusal?.code, 'kill-switch')
      assert.deepEqual(world.cluster.landed(), [])
      await world.stop()
    })

    it(`${channel.name}, set while a write is on its way: no other follows, not even the way back`, async () => {
      const world = await ill()
      atFirstWrite(world, () => channel.set(world))
      const plan = await begun(world, twoSteps)
      await untilOwed(world, plan)
      await world.stop()
      assert.equal(world.cluster.landed().length, 1)
      assert.equal(world.execution(plan)?.status, 'undoing')
    })

    for (const harm of ['break', 'hang'] as const) {
      const say = harm === 'break' ? 'that cannot be read' : 'that does not answer'
      it(`${channel.name}, ${say}: nothing begins`, async () => {
        const world = await ill()
        channel[harm](world)
        const plan = planFor(world, rollback)
        await world.start(config)
        // The bus that would carry the hint may be the one that is gone.
        void world.propose(plan).catch(() => undefined)
        await world.clock.advance(MINUTE)
        const refusal = world.execution(plan)?.refusal
        if (refusal) assert.equal(refusal.code, 'kill-switch-unreadable')
        assert.deepEqual(world.cluster.landed(), [])
      })

      it(`${channel.name}, ${say} from the first write on: no second follows`, async () => {
        const world = await ill()
        atFirstWrite(world, () => channel[harm](world))
        await begun(world, twoSteps)
        await world.clock.advance(2 * MINUTE)
        assert.equal(world.cluster.landed().length, 1)
      })
    }
  }

  it('set while another channel is waited for: what was answered before that does not count', async () => {
    const world = await ill()
    let isSlow = false
    Object.defineProperty(world.killFile, 'text', {
      get: async () => {
        if (isSlow) await world.clock.sleep(5 * SECOND)
        return absent()
      },
    })
    const plan = planFor(world, rollback)
    const process = await world.start(config)
    process.diesAt = (label) => {
      if (label === 'before-send') {
        isSlow = true
        void world.clock.sleep(SECOND).then(() => CHANNELS[1]!.set(world))
      }
      return false
    }
    await world.propose(plan)
    await world.clock.advance(MINUTE)
    assert.ok(isSlow)
    assert.deepEqual(world.cluster.landed(), [])
    await world.stop()
  })

  it('is read anew where one channel was late once', async () => {
    const world = await ill()
    let reads = 0
    Object.defineProperty(world.killFile, 'text', {
      get: async () => {
        if (++reads === 2) await world.clock.sleep(5 * SECOND)
        return absent()
      },
    })
    const plan = await begun(world)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })
})

const absent = (): never => {
  throw Object.assign(new Error('there is no such file'), { code: 'ENOENT' })
}

describe('a namespace that is paused', () => {
  const ways: [string, (world: World) => void][] = [
    [
      'by the settings',
      (world) =>
        world.store.put(COLLECTIONS.settings, {
          _id: 'settings',
          version: 1,
          modes: { shop: 'observe' },
          changedMs: 1,
          changedBy: 'ada',
        }),
    ],
    [
      'by an annotation of it',
      (world) => {
        const namespace = world.cluster.object('Namespace', 'shop', '')
        const annotations = { 'kubewise.io/mode': 'observe' }
        world.cluster.put({ ...namespace, metadata: { ...namespace.metadata, annotations } })
      },
    ],
  ]
  for (const [way, pause] of ways) {
    it(`${way} sees no plan begin`, async () => {
      const world = await ill()
      pause(world)
      const plan = await begun(world)
      assert.equal((await untilSettled(world, plan)).refusal?.code, 'mode-observe')
      assert.deepEqual(world.cluster.landed(), [])
      await world.stop()
    })

    it(`${way} while a plan runs sees no further write`, async () => {
      const world = await ill()
      atFirstWrite(world, () => pause(world))
      const plan = await begun(world, twoSteps)
      await untilSettled(world, plan)
      assert.equal(world.execution(plan)?.refusal?.code, 'mode-observe')
      assert.equal(world.cluster.landed().length, 1)
      await world.stop()
    })
  }

  it('leaves the others alone', async () => {
    const world = await ill()
    world.store.put(COLLECTIONS.settings, {
      _id: 'settings',
      version: 1,
      modes: { other: 'observe' },
      changedMs: 1,
      changedBy: 'ada',
    })
    const plan = await begun(world)
    assert.equal((await untilSettled(world, plan)).status, 'recovered')
    await world.stop()
  })
})
