import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { createMetrics } from '@kubewise/service'
import { eventually, VirtualClock } from '@kubewise/testkit'
import * as fc from 'fast-check'
import {
  json,
  pod,
  scriptedServer,
  status,
  type Answer,
  type Received,
  type ScriptedServer,
} from './api-server.test-data.ts'
import type { KubernetesObject } from './objects.ts'
import type { Kube, Observer } from './port.ts'
import { RESOURCES } from './resources.ts'

const MINUTE = 60_000

/** What an observer holds and was told. */
function watcher(faults: { onReplace?: () => void; onUpsert?: (item: KubernetesObject) => void } = {}) {
  const held = new Map<string, string>()
  const told: string[] = []
  const errors: unknown[] = []
  const keyOf = (item: KubernetesObject) => item.metadata?.name ?? ''
  const observer: Observer<KubernetesObject> = {
    onReplace(items) {
      told.push('replace')
      faults.onReplace?.()
      held.clear()
      for (const item of items) held.set(keyOf(item), item.metadata?.resourceVersion ?? '')
    },
    onUpsert(item) {
      told.push(`upsert ${keyOf(item)}`)
      faults.onUpsert?.(item)
      held.set(keyOf(item), item.metadata?.resourceVersion ?? '')
    },
    onDelete(item) {
      told.push(`delete ${keyOf(item)}`)
      held.delete(keyOf(item))
    },
    onError: (error) => errors.push(error),
  }
  return { observer, held, told, errors, names: () => [...held.keys()].sort().join(',') }
}

const isWatch = ({ query }: Received) => query['watch'] === '1'
const event = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`
const bookmark = (resourceVersion: string) => event('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion } })
const list = (resourceVersion: string, ...items: unknown[]) => ({ metadata: { resourceVersion }, items })

/** Answers lists and watches from two queues; the last entry of each answers for ever. */
function script(lists: Answer[], watches: Answer[]): Answer {
  return (response, request) => {
    const queue = isWatch(request) ? watches : lists
    const next = queue.length > 1 ? queue.shift() : queue[0]
    next?.(response, request)
  }
}

const listing =
  (resourceVersion: string, ...items: unknown[]): Answer =>
  (response) =>
    json(response, 200, list(resourceVersion, ...items))
const silent: Answer = (response) => response.writeHead(200).flushHeaders()
/** Says something and then stays open. */
const saying =
  (...frames: string[]): Answer =>
  (response) => {
    response.writeHead(200)
    response.write(frames.join(''))
  }
/** Says something and closes, as the server does when the watch's time is over. */
const closing =
  (...frames: string[]): Answer =>
  (response) =>
    void response.writeHead(200).end(frames.join(''))
const cutting =
  (...frames: string[]): Answer =>
  (response) => {
    response.writeHead(200)
    response.write(frames.join('') || '\n', () => response.socket?.resetAndDestroy())
  }

interface Scene {
  server: ScriptedServer
  kube: Kube
  clock: VirtualClock
  /** Lets virtual time pass until the condition holds. */
  pass: (say: string, condition: () => boolean, stepMs?: number) => Promise<void>
  metric: (fault: string) => Promise<number>
}

/** Runs one list-and-watch of pods against scripted answers; however it ends, the loop is stopped and the server closed. */
async function scene(answer: Answer, run: (scene: Scene) => Promise<void>, timeoutMs = 5_000): Promise<void> {
  const clock = new VirtualClock()
  const metrics = createMetrics('test', '0')
  await using server = await scriptedServer(answer)
  const kube = server.kube({ clock, metrics, timeoutMs })
  const pass = async (say: string, condition: () => boolean, stepMs = 500) => {
    await eventually(
      async () => {
        if (condition()) return true
        await clock.advance(stepMs)
        return condition()
      },
      { say, everyMs: 2 },
    )
  }
  const metric = async (fault: string) => {
    const counter = await metrics.registry.getSingleMetric('kubewise_kube_watch_faults_total')?.get()
    return counter?.values.find(({ labels }) => labels['fault'] === fault)?.value ?? 0
  }
  await run({ server, kube, clock, pass, metric })
}

const watchesOf = (server: ScriptedServer) => server.received.filter(isWatch)
const listsOf = (server: ScriptedServer) => server.received.filter((request) => !isWatch(request))

describe('reflect', () => {
  it("lists, then watches from the list's version, and hands on what it sees in order", async () => {
    const { observer, told, names } = watcher()
    const frames = [event('ADDED', pod('b', '11')), event('MODIFIED', pod('a', '12')), event('DELETED', pod('b', '13'))]
    await scene(script([listing('10', pod('a', '5'))], [saying(...frames)]), async ({ server, kube, pass }) => {
      const reflector = kube.reflect(RESOURCES.Pod, { namespace: 'shop', labelSelector: 'app=web' }, observer)
      await reflector.synced
      await pass('the delete is seen', () => told.includes('delete b'))
      assert.deepEqual(told, ['replace', 'upsert b', 'upsert a', 'delete b'])
      assert.equal(names(), 'a')
      const { query, path } = watchesOf(server)[0]!
      assert.equal(path, '/api/v1/namespaces/shop/pods')
      assert.deepEqual(
        [query['resourceVersion'], query['allowWatchBookmarks'], query['labelSelector']],
        ['10', 'true', 'app=web'],
      )
      const seconds = Number(query['timeoutSeconds'])
      assert.ok(seconds >= 240 && seconds <= 300, String(seconds))
      await reflector.stop()
    })
  })

  it('is confirmed by list, event and bookmark, and by nothing else', async () => {
    const { observer, told } = watcher()
    let open: ServerResponse | undefined
    const answer = script([listing('10')], [(response) => (open = response.writeHead(200)).flushHeaders()])
    await scene(answer, async ({ kube, clock, pass }) => {
      const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
      assert.equal(reflector.confirmedMs(), undefined)
      await reflector.synced
      const listedMs = reflector.confirmedMs()
      assert.equal(listedMs, clock.now())
      await pass('the watch is open', () => open !== undefined, 0)
      await clock.advance(20_000)
      assert.equal(reflector.confirmedMs(), listedMs, 'an open watch alone proves nothing')
      open?.write(bookmark('11'))
      await pass('the bookmark counts', () => reflector.confirmedMs() === clock.now(), 0)
      await clock.advance(20_000)
      open?.write(event('ADDED', pod('a', '12')))
      await pass('the event counts', () => told.includes('upsert a') && reflector.confirmedMs() === clock.now(), 0)
      await reflector.stop()
    })
  })

  describe('goes on', () => {
    const first = listing('10', pod('a', '5'))
    const then = saying(event('ADDED', pod('c', '30')))

    it('from the last version when the server closes the watch in time, without a new list', async () => {
      const { observer, told } = watcher()
      await scene(
        script(
          [first],
          [
            (response) => {
              response.writeHead(200)
              response.write(event('ADDED', pod('b', '11')) + bookmark('20'))
              setTimeout(() => response.end(), 30)
            },
            then,
          ],
        ),
        async ({ server, kube, pass }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await pass('the second watch delivers', () => told.includes('upsert c'))
          assert.deepEqual(
            watchesOf(server).map(({ query }) => query['resourceVersion']),
            ['10', '20'],
          )
          assert.equal(listsOf(server).length, 1)
          await reflector.stop()
        },
      )
    })

    it('from the last version after a reset in the middle of an event', async () => {
      const { observer, told, errors } = watcher()
      const watches = [cutting(event('ADDED', pod('b', '11')), '{"type":"ADDED","obj'), then]
      await scene(script([first], watches), async ({ server, kube, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('the second watch delivers', () => told.includes('upsert c'))
        assert.deepEqual(
          watchesOf(server).map(({ query }) => query['resourceVersion']),
          ['10', '11'],
        )
        assert.equal(listsOf(server).length, 1)
        assert.equal(errors.length, 1)
        await reflector.stop()
      })
    })

    it('from the last version when nothing comes for 75 s', async () => {
      const { observer, told } = watcher()
      await scene(script([first], [silent, then]), async ({ server, kube, clock, pass, metric }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('the first watch is open', () => watchesOf(server).length === 1, 0)
        await clock.advance(74_000)
        assert.equal(watchesOf(server).length, 1, 'a bookmark may take 62 s')
        await pass('the second watch delivers', () => told.includes('upsert c'))
        assert.deepEqual(
          watchesOf(server).map(({ query }) => query['resourceVersion']),
          ['10', '10'],
        )
        assert.equal(await metric('idle'), 1)
        await reflector.stop()
      })
    })

    it('with a new list after 410 for the watch, which replaces everything', async () => {
      const { observer, names } = watcher()
      const gone: Answer = (response) => json(response, 410, status(410, 'Expired'))
      await scene(script([first, listing('25', pod('z', '21'))], [gone, then]), async ({ server, kube, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('the second watch delivers', () => names() === 'c,z')
        assert.deepEqual(
          watchesOf(server).map(({ query }) => query['resourceVersion']),
          ['10', '25'],
        )
        await reflector.stop()
      })
    })

    it('soon after an outage that made the version too old, and not hammering one that is always too old', async () => {
      const { observer, errors } = watcher()
      const down: Answer = (response) => response.socket?.resetAndDestroy()
      const gone: Answer = (response) => json(response, 410, status(410, 'Expired'))
      await scene(
        script([first], [down, down, down, down, down, down, gone]),
        async ({ server, kube, clock, pass }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await pass('it is told gone', () => errors.length === 7)
          const toldMs = clock.monotonic()
          await pass('it lists again', () => listsOf(server).length === 2, 50)
          assert.ok(clock.monotonic() - toldMs < 5000, `soon, got ${clock.monotonic() - toldMs} ms`)
          const untilMs = clock.monotonic() + 2 * MINUTE
          await pass('two minutes pass', () => clock.monotonic() > untilMs)
          assert.ok(listsOf(server).length < 16, String(listsOf(server).length))
          await reflector.stop()
        },
      )
    })

    for (const code of [410, 500, undefined]) {
      it(`with a new list after an ERROR frame with code ${code}`, async () => {
        const { observer, names, errors } = watcher()
        const watches = [saying(event('ERROR', { kind: 'Status', code, message: 'too old' })), then]
        await scene(script([first, listing('25', pod('z', '21'))], watches), async ({ kube, pass }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await pass('the second watch delivers', () => names() === 'c,z')
          assert.match(String(errors[0]), /too old/)
          await reflector.stop()
        })
      })
    }

    const garbage = [
      'not json',
      '{"type":"ADDED","object":{"metadata":{"na',
      'null',
      '{"type":"ADDED"}',
      event('SPLIT', pod('x', '12')),
      event('ADDED', { metadata: { name: 'x' } }),
      event('MODIFIED', { metadata: { resourceVersion: '12' } }),
      '{"type":"BOOKMARK","object":{}}',
    ]
    for (const line of garbage) {
      it(`past a line that is no event: ${line.trim()}`, async () => {
        const { observer, told, errors } = watcher()
        const watches = [saying(event('ADDED', pod('b', '11')), `${line.trim()}\n`), then]
        await scene(script([first], watches), async ({ server, kube, pass, metric }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await pass('the second watch delivers', () => told.includes('upsert c'))
          assert.deepEqual(
            watchesOf(server).map(({ query }) => query['resourceVersion']),
            ['10', '11'],
          )
          assert.deepEqual([errors.length, await metric('frame')], [1, 1])
          await reflector.stop()
        })
      })
    }

    it('with a new list when the same line stays unreadable', async () => {
      const { observer, names } = watcher()
      const bad = saying('garbage\n')
      await scene(
        script([first, listing('25', pod('z', '21'))], [bad, bad, bad, then]),
        async ({ server, kube, clock, pass }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await pass('the fourth watch delivers', () => names() === 'c,z')
          assert.ok(clock.monotonic() < MINUTE, 'long before the ordinary resync')
          assert.equal(listsOf(server).length, 2)
          await reflector.stop()
        },
      )
    })

    it('when the server is down at start, and rests longer and longer', async () => {
      const { observer, errors } = watcher()
      const down: Answer = (response) => response.socket?.resetAndDestroy()
      await scene(script([down], [silent]), async ({ server, kube, clock, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        const atMs: number[] = []
        for (let tries = 1; tries <= 8; tries++) {
          await pass(`try ${tries}`, () => errors.length >= tries, 100)
          atMs.push(clock.monotonic())
        }
        const rests = atMs.slice(1).map((ms, index) => ms - atMs[index]!)
        rests.forEach((ms, index) => {
          const bound = Math.min(30_000, 800 * 2 ** index)
          assert.ok(ms >= bound / 2 - 1 && ms <= bound + 200, `rest ${index}: ${ms} of ${bound}`)
        })
        server.answer(script([first], [then]))
        await pass('it is back', () => reflector.confirmedMs() !== undefined)
        await reflector.stop()
      })
    })

    it('not before Retry-After is over', async () => {
      const { observer, errors } = watcher()
      const busy: Answer = (response) => json(response, 429, status(429, 'TooManyRequests'), { 'Retry-After': '20' })
      await scene(script([busy, first], [silent]), async ({ server, kube, clock, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('it is refused', () => errors.length === 1, 0)
        await clock.advance(19_000)
        assert.equal(server.received.length, 1)
        await pass('it lists', () => reflector.confirmedMs() !== undefined)
        await reflector.stop()
      })
    })

    it('without hammering a server that closes every watch at once', async () => {
      const { observer } = watcher()
      await scene(script([first], [closing()]), async ({ server, kube, clock, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('a minute passes', () => clock.monotonic() > MINUTE)
        assert.ok(watchesOf(server).length < 12, String(watchesOf(server).length))
        await reflector.stop()
      })
    })

    for (const code of [401, 403, 404, 500]) {
      it(`after ${code} for the list, for as long as it takes`, async () => {
        const { observer, errors } = watcher()
        const refused: Answer = (response) => json(response, code, status(code, 'Refused'))
        await scene(script([refused], [silent]), async ({ server, kube, pass }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await pass('five refusals', () => errors.length >= 5)
          server.answer(script([first], [then]))
          await pass('it is back', () => reflector.confirmedMs() !== undefined)
          await reflector.stop()
        })
      })
    }
  })

  describe('order', () => {
    it('passes over an event that it has seen', async () => {
      const { observer, told } = watcher()
      const frames = [
        event('ADDED', pod('a', '5')),
        event('ADDED', pod('b', '11')),
        event('ADDED', pod('b', '11')),
        event('DELETED', pod('b', '12')),
        event('DELETED', pod('b', '12')),
        event('ADDED', pod('c', '13')),
      ]
      await scene(script([listing('10', pod('a', '5'))], [saying(...frames)]), async ({ kube, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('the last is seen', () => told.includes('upsert c'))
        assert.deepEqual(told, ['replace', 'upsert b', 'delete b', 'upsert c'])
        await reflector.stop()
      })
    })

    it('reads everything anew when events or bookmarks go backwards', async () => {
      for (const frame of [event('ADDED', pod('x', '7')), bookmark('7')]) {
        const { observer, names } = watcher()
        const watches = [saying(event('ADDED', pod('b', '20')), frame), silent]
        await scene(
          script([listing('10', pod('a', '5')), listing('8', pod('x', '7'))], watches),
          async ({ kube, pass, metric }) => {
            const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
            await pass('the second list replaces', () => names() === 'x')
            assert.equal(await metric('order'), 1)
            await reflector.stop()
          },
        )
      }
    })
  })

  describe('resync', () => {
    it('compares every 10 min, replaces only what differs, and counts what the watch had missed', async () => {
      const { observer, told, names } = watcher()
      // A bookmark a minute keeps the watch alive; b (version 15) came and was never told.
      let version = 20
      const lively: Answer = (response) => {
        response.writeHead(200)
        response.write(bookmark(String(++version)))
        setTimeout(() => response.end(), 5)
      }
      const lists = [
        listing('10', pod('a', '5')),
        listing('900', pod('a', '5')),
        listing('950', pod('a', '5'), pod('b', '15')),
      ]
      await scene(script(lists, [lively]), async ({ server, kube, clock, pass, metric }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await reflector.synced
        version = 900
        await pass('the second list', () => listsOf(server).length === 2, 5_000)
        assert.ok(clock.monotonic() >= 9 * MINUTE, String(clock.monotonic()))
        await pass('the third list', () => names() === 'a,b', 5_000)
        assert.deepEqual(told, ['replace', 'replace'], 'the second list was no news')
        assert.equal(await metric('drift'), 1)
        await reflector.stop()
      })
    })
  })

  describe('an observer that fails', () => {
    it('on an event: is told, the loop goes on, and an early list puts it right', async () => {
      let failures = 1
      const { observer, told, errors, names } = watcher({
        onUpsert: ({ metadata }) => {
          if (metadata?.name === 'b' && failures-- > 0) throw new Error('cannot take b')
        },
      })
      const watches = [saying(event('ADDED', pod('b', '11')), event('ADDED', pod('c', '12')))]
      const lists = [listing('10'), listing('20', pod('b', '11'), pod('c', '12'))]
      await scene(script(lists, watches), async ({ kube, clock, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('c is seen', () => told.includes('upsert c'), 0)
        assert.equal(names(), 'c')
        assert.match(String(errors[0]), /cannot take b/)
        await pass('b is there', () => names() === 'b,c')
        assert.ok(clock.monotonic() < MINUTE, 'well before the ordinary resync')
        await reflector.stop()
      })
    })

    it('on the first list: is not synced, and gets it again', async () => {
      let failures = 2
      const { observer, names, told } = watcher({
        onReplace: () => {
          if (failures-- > 0) throw new Error('not now')
        },
      })
      await scene(script([listing('10', pod('a', '5'))], [silent]), async ({ server, kube, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('it took it', () => names() === 'a')
        await reflector.synced
        assert.equal(told.length, 3)
        await pass('it watches', () => watchesOf(server).length === 1, 0)
        await reflector.stop()
      })
    })

    it('even in being told', async () => {
      const { observer, told } = watcher()
      observer.onError = () => {
        throw new Error('cannot even be told')
      }
      const watches = [saying('garbage\n'), saying(event('ADDED', pod('c', '30')))]
      await scene(script([listing('10')], watches), async ({ kube, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('the loop goes on', () => told.includes('upsert c'))
        await reflector.stop()
      })
    })
  })

  describe('stop', () => {
    it('ends an open watch, and nothing is said after it', async () => {
      const { observer, told, errors } = watcher()
      await scene(script([listing('10')], [silent]), async ({ server, kube, clock, pass }) => {
        const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
        await pass('it watches', () => watchesOf(server).length === 1, 0)
        await reflector.stop()
        await reflector.stop()
        await clock.advance(20 * MINUTE)
        assert.deepEqual([told, errors.length, server.received.length, clock.sleepers], [['replace'], 0, 2, 0])
      })
    })

    it('before the first list rejects whoever waits for it', async () => {
      const { observer } = watcher()
      await scene(
        () => undefined,
        async ({ kube }) => {
          const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
          await reflector.stop()
          await assert.rejects(reflector.synced, /was stopped/)
        },
      )
    })
  })

  it('whatever the faults, ends up with what the server has', async () => {
    const fault = fc.constantFrom<Answer>(
      closing(),
      cutting(),
      saying('garbage\n'),
      closing('{"type":'),
      (response) => json(response, 410, status(410, 'Expired')),
      saying(event('ERROR', { code: 410 })),
      (response) => json(response, 429, status(429, 'TooManyRequests'), { 'Retry-After': '1' }),
      (response) => json(response, 500, status(500, 'InternalError')),
      (response) => response.socket?.resetAndDestroy(),
      saying(bookmark('3')),
      saying(event('ADDED', pod('a', '5')), event('ADDED', pod('a', '5')), 'x\n'),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 8 }),
        fc.array(fc.boolean(), { maxLength: 8 }),
        async (faults, places) => {
          const truth = [pod('a', '5'), pod('b', '40')]
          const lists: Answer[] = faults.filter((_, index) => places[index])
          const watches: Answer[] = faults.filter((_, index) => !places[index])
          const whole: Answer = (response, { query }) => {
            const from = Number(query['resourceVersion'])
            response.writeHead(200)
            response.write(from < 40 ? event('ADDED', pod('b', '40')) : bookmark('41'))
          }
          const answer = script([...lists, listing('40', ...truth)], [...watches, whole])
          const { observer, names } = watcher()
          await scene(
            answer,
            async ({ kube, pass }) => {
              const reflector = kube.reflect(RESOURCES.Pod, {}, observer)
              await pass('the truth', () => names() === 'a,b')
              await reflector.stop()
            },
            100,
          )
        },
      ),
      { numRuns: 40 },
    )
  })
})
