import assert from 'node:assert/strict'
import { createCoalescingQueue } from './coalescing-queue.ts'

/** A queue whose work ends when the test says so. */
function queueOf(parallel: () => number) {
  const running = new Map<string, () => void>()
  const done: string[] = []
  const queue = createCoalescingQueue(parallel, async (key) => {
    await new Promise<void>((resolve) => running.set(key, resolve))
    running.delete(key)
    done.push(key)
  })
  const end = async (key: string) => {
    running.get(key)?.()
    await new Promise(setImmediate)
  }
  return { queue, done, end, running: () => [...running.keys()] }
}

describe('a coalescing queue', () => {
  it('does what is asked for twice while it waits once, and what is asked for while it runs once more', async () => {
    const { queue, done, end, running } = queueOf(() => 1)
    for (const key of ['a', 'b', 'b', 'a', 'b']) queue.add(key)
    assert.deepEqual(running(), ['a'])
    for (const key of ['a', 'b', 'a']) await end(key)
    await queue.idle()
    assert.deepEqual(done, ['a', 'b', 'a'])
  })

  it('does as much at once as may be at that moment', async () => {
    let most = 1
    const { queue, end, running } = queueOf(() => most)
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key)
    assert.deepEqual(running(), ['a'])
    most = 3
    await end('a')
    assert.deepEqual(running(), ['b', 'c', 'd'])
    most = 1
    queue.add('e')
    await end('b')
    assert.deepEqual(running(), ['c', 'd'])
    for (const key of ['c', 'd', 'e']) await end(key)
    await queue.idle()
  })
})
