import assert from 'node:assert/strict'
import { eventually } from '@kubewise/testkit'
import { apiUnderTest } from '../testing/api-under-test.ts'
import { watching } from '../testing/watching.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const create = { body: { metadata: { name: 'a' } } }

describe('protocol faults', () => {
  it('answer with a status and a time to wait, as often as they are told to', async () => {
    await using test = await apiUnderTest()
    test.api.fail({
      match: { verb: 'list', resource: 'configmaps' },
      with: { status: 429, retryAfterSeconds: 7 },
      times: 2,
    })
    const first = await test.ask('GET', MAPS)
    assert.deepEqual([first.status, first.headers.get('retry-after'), first.body.reason], [429, '7', 'TooManyRequests'])
    assert.equal((await test.ask('GET', '/api/v1/nodes')).status, 200)
    assert.equal((await test.ask('GET', MAPS)).status, 429)
    assert.equal((await test.ask('GET', MAPS)).status, 200)
  })

  it('last until they are taken back', async () => {
    await using test = await apiUnderTest()
    const heal = test.api.fail({ match: { path: /configmaps/ }, with: { status: 503 } })
    for (let time = 0; time < 3; time += 1) assert.equal((await test.ask('GET', MAPS)).status, 503)
    heal()
    assert.equal((await test.ask('GET', MAPS)).status, 200)
  })

  it('break the connection before anything is done', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'create' }, with: 'reset', times: 1 })
    await assert.rejects(test.ask('POST', MAPS, create))
    assert.equal((await test.ask('GET', `${MAPS}/a`)).status, 404)
    assert.deepEqual(test.api.audit(), [])
  })

  it('lose the answer to what was done', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'create' }, with: 'answer-lost', times: 1 })
    await assert.rejects(test.ask('POST', MAPS, create))
    assert.equal((await test.ask('GET', `${MAPS}/a`)).status, 200)
    assert.equal(test.api.audit().length, 1)
  })

  it('break off in the middle of an answer', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'list' }, with: 'truncate', times: 1 })
    await assert.rejects(test.ask('GET', MAPS))
  })

  it('answer garbage', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'list' }, with: 'garbage', times: 1 })
    const { status, headers, body } = await test.ask('GET', MAPS)
    assert.deepEqual([status, headers.get('content-type')], [200, 'application/json'])
    assert.match(body.message ?? '', /not json/)
  })

  it('never answer', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'list' }, with: 'hang', times: 1 })
    const patience = new AbortController()
    const asked = test.ask('GET', MAPS, { signal: patience.signal })
    assert.equal((await test.ask('GET', '/api/v1/nodes')).status, 200)
    patience.abort()
    await assert.rejects(asked)
  })

  it('answer late, by the clock', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'list' }, with: { delayMs: 5000 }, times: 1 })
    const asked = test.ask('GET', MAPS)
    await eventually(() => test.clock.sleepers === 1)
    await test.clock.advance(5000)
    assert.equal((await asked).status, 200)
  })

  it('accept a watch and tell nothing', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'watch' }, with: 'silent-watch', times: 1 })
    await using silent = await watching(test, `${MAPS}?watch=true&labelSelector=mine`)
    await using heard = await watching(test, `${MAPS}?watch=true&labelSelector=mine`)
    let isTold = false
    silent.next().then(
      () => (isTold = true),
      () => undefined,
    )
    for (const name of ['a', 'b']) {
      await test.create(MAPS, { metadata: { name, labels: { mine: 'yes' } } })
      assert.equal((await heard.next())?.type, 'ADDED')
    }
    assert.equal(isTold, false)
  })

  it('tell a watch that its version is gone, and a list', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: {}, with: 'gone', times: 2 })
    await using watch = await watching(test, `${MAPS}?watch=true`)
    assert.equal((await watch.next())?.object.code, 410)
    assert.equal((await test.ask('GET', MAPS)).status, 410)
  })

  it('tell a watch everything twice', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'watch' }, with: 'duplicate', times: 1 })
    await using watch = await watching(test, `${MAPS}?watch=true&labelSelector=mine`)
    await test.create(MAPS, { metadata: { name: 'a', labels: { mine: 'yes' } } })
    assert.deepEqual(await watch.next(), await watch.next())
  })

  it('break off a watch in the middle of a frame', async () => {
    await using test = await apiUnderTest()
    test.api.fail({ match: { verb: 'watch' }, with: 'truncate', times: 1 })
    await using watch = await watching(test, `${MAPS}?watch=true`)
    await assert.rejects(watch.next(), SyntaxError)
  })
})
