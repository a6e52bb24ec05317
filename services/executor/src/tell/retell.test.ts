import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { COLLECTIONS, type Plan } from '@kubewise/contracts'
import { eventually, temporaryFolder } from '@kubewise/testkit'
import { createWorld, planFor, SECOND, template, untilSettled, type World } from '../fixture/world.ts'

/** A webhook receiver that answers with its status, and keeps the ids of what it took. */
async function receiver(status: number) {
  const state = { status, asked: 0, taken: [] as string[] }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => void (body += text))
    request.on('end', () => {
      state.asked++
      const { id } = JSON.parse(body) as { id: string }
      if (state.status === 200) state.taken.push(id)
      response.writeHead(state.status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  return { state, url: `http://127.0.0.1:${port}/hook`, [Symbol.asyncDispose]: stop }
}

const isUntold = (world: World, plan: Plan) => world.execution(plan)?.isUntold === true
/** Real answers need real time, everything else virtual. */
const passing = (world: World, condition: () => boolean) =>
  eventually(async () => {
    await world.clock.advance(5 * SECOND)
    return condition()
  })

async function repaired(env: Record<string, string>) {
  const world = await createWorld()
  world.cluster.release('Deployment', 'web', template('bad:2'))
  // Where the circuit is not meant, it stays out of the way.
  const process = await world.start({ ERROR_THRESHOLD: '1000', ...env })
  const plan = planFor(world, [{ with: { toRevision: 1 } }])
  await world.propose(plan)
  assert.equal((await untilSettled(world, plan)).status, 'recovered')
  return { world, process, plan }
}

describe('an end that the webhook has not taken', () => {
  it('is told once it takes it, and noted', async () => {
    await using hook = await receiver(503)
    const { world, plan } = await repaired({ KUBEWISE_WEBHOOK_URL: hook.url })
    const end = `${plan._id}/recovered`
    await passing(world, () => hook.state.asked >= 3)
    assert.ok(isUntold(world, plan))
    hook.state.status = 200
    await passing(world, () => hook.state.taken.includes(end) && !isUntold(world, plan))
    await world.clock.advance(300 * SECOND)
    await world.stop()
    assert.equal(hook.state.taken.filter((id) => id === end).length, 1)
  })

  it('and that an open circuit refuses to send, is kept and told by the next process', async () => {
    await using hook = await receiver(500)
    const env = { KUBEWISE_WEBHOOK_URL: hook.url }
    const { world, process, plan } = await repaired({ ...env, ERROR_THRESHOLD: '2', CIRCUIT_OPEN_TIMEOUT: '600' })
    await passing(world, () => hook.state.asked >= 2)
    for (let minute = 0; minute < 5; minute++) await world.clock.advance(60 * SECOND)
    assert.ok(hook.state.asked <= 3, 'but for one under way, an open circuit spares the receiver')
    assert.ok(isUntold(world, plan))
    process.kill()
    hook.state.status = 200
    await world.start(env)
    await passing(world, () => hook.state.taken.includes(`${plan._id}/recovered`) && !isUntold(world, plan))
    await world.stop()
  })

  it('is told by the next process when the one that was to tell it died', async () => {
    await using hook = await receiver(500)
    const { world, process, plan } = await repaired({ KUBEWISE_WEBHOOK_URL: hook.url })
    process.kill()
    hook.state.status = 200
    await world.start({ KUBEWISE_WEBHOOK_URL: hook.url })
    await passing(world, () => hook.state.taken.includes(`${plan._id}/recovered`) && !isUntold(world, plan))
    await world.stop()
  })

  it('is let go after a day', async () => {
    await using hook = await receiver(404)
    const { world, plan } = await repaired({ KUBEWISE_WEBHOOK_URL: hook.url })
    const execution = world.execution(plan)!
    world.store.put(COLLECTIONS.executions, { ...execution, finishedMs: world.clock.now() - 25 * 3_600_000 })
    await passing(world, () => !isUntold(world, plan))
    await world.stop()
    assert.deepEqual(hook.state.taken, [])
  })

  it('owes nothing where there is no webhook', async () => {
    const { world, plan } = await repaired({})
    await world.stop()
    assert.ok(!isUntold(world, plan))
  })
})

describe('an end that one of two receivers has not taken', () => {
  async function told(folder: string, receivers: Record<string, string>) {
    const file = join(folder, 'receivers.json')
    const entries = Object.entries(receivers).map(([name, url]) => ({ name, kind: 'webhook', url, groupSeconds: 0 }))
    await writeFile(file, JSON.stringify({ receivers: entries }))
    return { KUBEWISE_RECEIVERS_FILE: file }
  }
  const untold = (world: World, plan: Plan) => world.execution(plan)?.untold

  it('is owed to that one alone, also by the next process', async () => {
    await using folder = await temporaryFolder()
    await using well = await receiver(200)
    await using ill = await receiver(503)
    const env = await told(folder.path, { well: well.url, ill: ill.url })
    const { world, process, plan } = await repaired(env)
    const end = `${plan._id}/recovered`
    await passing(world, () => untold(world, plan)?.join() === 'ill')
    process.kill()
    ill.state.status = 200
    await world.start(env)
    await passing(world, () => ill.state.taken.includes(end) && !isUntold(world, plan))
    await world.stop()
    assert.equal(untold(world, plan), undefined)
    assert.equal(well.state.taken.filter((id) => id === end).length, 1)
  })

  it('is told although many before it are owed to the other', async () => {
    await using folder = await temporaryFolder()
    await using well = await receiver(503)
    await using ill = await receiver(503)
    const env = await told(folder.path, { well: well.url, ill: ill.url })
    const { world, process, plan } = await repaired(env)
    process.kill()
    const execution = world.execution(plan)!
    for (let index = 0; index < 600; index++) {
      const _id = `${plan._id}-${index}`
      world.store.put(COLLECTIONS.plans, { ...plan, _id })
      const claimedMs = execution.claimedMs - 600 + index
      world.store.put(COLLECTIONS.executions, { ...execution, _id, claimedMs, isUntold: true, untold: ['ill'] })
    }
    well.state.status = 200
    await world.start(env)
    await passing(world, () => untold(world, plan)?.join() === 'ill')
    await world.stop()
    assert.ok(well.state.taken.includes(`${plan._id}/recovered`))
  })

  it('is owed no more when that one is gone', async () => {
    await using folder = await temporaryFolder()
    await using well = await receiver(200)
    await using ill = await receiver(503)
    const { world, process, plan } = await repaired(await told(folder.path, { well: well.url, ill: ill.url }))
    await passing(world, () => untold(world, plan)?.join() === 'ill')
    process.kill()
    await world.start(await told(folder.path, { well: well.url }))
    await passing(world, () => !isUntold(world, plan))
    await world.stop()
  })

  it('and that names nobody, from before there were several, is owed to all', async () => {
    await using folder = await temporaryFolder()
    await using one = await receiver(503)
    await using two = await receiver(503)
    const env = await told(folder.path, { one: one.url, two: two.url })
    const { world, process, plan } = await repaired(env)
    await passing(world, () => one.state.asked >= 1 && two.state.asked >= 1)
    process.kill()
    const { untold: _, ...execution } = world.execution(plan)!
    world.store.put(COLLECTIONS.executions, execution)
    one.state.status = two.state.status = 200
    await world.start(env)
    const end = `${plan._id}/recovered`
    await passing(world, () => [one, two].every(({ state }) => state.taken.includes(end)) && !isUntold(world, plan))
    await world.stop()
  })
})

describe('a plan that waits for a person', () => {
  it('is told again when the webhook did not take it', async () => {
    await using hook = await receiver(503)
    const world = await createWorld()
    world.cluster.release('Deployment', 'web', template('bad:2'))
    await world.start({ KUBEWISE_WEBHOOK_URL: hook.url, KUBEWISE_MODE: 'approve', ERROR_THRESHOLD: '1000' })
    const plan = planFor(world, [{ with: { toRevision: 1 } }])
    await world.propose(plan)
    await passing(world, () => hook.state.asked >= 1)
    hook.state.status = 200
    await passing(world, () => hook.state.taken.includes(`${plan._id}/waiting`))
    await world.stop()
    assert.equal(hook.state.taken.length, 1)
  })
})
