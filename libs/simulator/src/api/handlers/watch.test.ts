import assert from 'node:assert/strict'
import { eventually } from '@kubewise/testkit'
import { apiUnderTest, type ApiUnderTest } from '../testing/api-under-test.ts'
import { watching, type Watching } from '../testing/watching.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MINE = 'labelSelector=mine'

const configMap = (name: string, labels: object = { mine: 'yes' }) => ({ metadata: { name, labels }, data: { a: '1' } })

async function versionNow({ ask }: ApiUnderTest): Promise<string> {
  const { body } = await ask('GET', MAPS)
  return body.metadata?.resourceVersion ?? ''
}

async function nextName(watch: Watching): Promise<string> {
  const { type, object } = (await watch.next()) ?? { type: 'END', object: {} }
  return `${type} ${object.metadata?.name ?? object.code}`
}

const merge = { contentType: 'application/merge-patch+json' }

describe('watch', () => {
  it('goes on from a version, in order, without a gap', async () => {
    await using test = await apiUnderTest()
    await test.create(MAPS, configMap('before'))
    const version = await versionNow(test)
    await test.create(MAPS, configMap('a'))
    await using watch = await watching(test, `${MAPS}?watch=true&${MINE}&resourceVersion=${version}`)
    assert.equal(await nextName(watch), 'ADDED a')
    await test.create(MAPS, configMap('b'))
    await test.ask('PATCH', `${MAPS}/a`, { ...merge, body: { data: { a: '2' } } })
    await test.ask('DELETE', `${MAPS}/b`)
    assert.deepEqual(
      [await nextName(watch), await nextName(watch), await nextName(watch)],
      ['ADDED b', 'MODIFIED a', 'DELETED b'],
    )
  })

  it('shows what enters and leaves a selection as added and deleted, at the version of the change', async () => {
    await using test = await apiUnderTest()
    await using watch = await watching(test, `${MAPS}?watch=true&${MINE}&resourceVersion=${await versionNow(test)}`)
    await test.create(MAPS, configMap('a', {}))
    await test.ask('PATCH', `${MAPS}/a`, { ...merge, body: { metadata: { labels: { mine: 'yes' } } } })
    const left = await test.ask('PATCH', `${MAPS}/a`, { ...merge, body: { metadata: { labels: { mine: null } } } })
    assert.equal(await nextName(watch), 'ADDED a')
    const gone = await watch.next()
    assert.equal(gone?.type, 'DELETED')
    assert.equal(gone?.object.metadata?.resourceVersion, left.body.metadata?.resourceVersion)
  })

  it('begins with all there is where no version is given', async () => {
    await using test = await apiUnderTest()
    await test.create(MAPS, configMap('b'))
    await test.create(MAPS, configMap('a'))
    await using watch = await watching(test, `${MAPS}?watch=true&${MINE}`)
    assert.deepEqual([await nextName(watch), await nextName(watch)], ['ADDED a', 'ADDED b'])
  })

  it('marks the end of what there is where that is asked for', async () => {
    await using test = await apiUnderTest()
    await test.create(MAPS, configMap('a'))
    const streaming = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    await using watch = await watching(test, `${MAPS}?watch=true&${MINE}&${streaming}`)
    assert.equal(await nextName(watch), 'ADDED a')
    const end = await watch.next()
    assert.equal(end?.type, 'BOOKMARK')
    assert.deepEqual(end?.object.metadata?.annotations, { 'k8s.io/initial-events-end': 'true' })
  })

  it('tells 410 in a frame where the version is forgotten, and ends', async () => {
    await using test = await apiUnderTest()
    const version = await versionNow(test)
    await test.create(MAPS, configMap('a'))
    test.api.compact()
    await using watch = await watching(test, `${MAPS}?watch=true&resourceVersion=${version}`)
    const frame = await watch.next()
    assert.deepEqual([frame?.type, frame?.object.code, frame?.object.reason], ['ERROR', 410, 'Expired'])
    assert.equal(await watch.next(), undefined)
  })

  it('tells 410 for a version that this cluster has not come to: it is another than the one before', async () => {
    await using test = await apiUnderTest()
    await using watch = await watching(test, `${MAPS}?watch=true&resourceVersion=999999`)
    assert.equal((await watch.next())?.object.code, 410)
  })

  it('sends a bookmark a minute of the clock to those who ask, and ends in time', async () => {
    await using test = await apiUnderTest()
    const asked = `${MAPS}?watch=true&resourceVersion=${await versionNow(test)}&timeoutSeconds=130`
    await using marked = await watching(test, `${asked}&allowWatchBookmarks=true`)
    await using plain = await watching(test, asked)
    await eventually(() => test.clock.sleepers === 2)
    await test.create(MAPS, configMap('a'))
    await test.clock.advance(60_000)
    await test.clock.advance(60_000)
    await test.clock.advance(60_000)
    const seen = [await marked.next(), await marked.next(), await marked.next(), await marked.next()]
    assert.deepEqual(
      seen.map((frame) => frame?.type),
      ['ADDED', 'BOOKMARK', 'BOOKMARK', undefined],
    )
    assert.equal(seen[1]?.object.metadata?.resourceVersion, await versionNow(test))
    assert.deepEqual([(await plain.next())?.type, await plain.next()], ['ADDED', undefined])
  })

  it('keeps nothing of a client that went away', async () => {
    await using test = await apiUnderTest()
    const watch = await watching(test, `${MAPS}?watch=true`)
    await eventually(() => test.clock.sleepers === 1)
    await watch[Symbol.asyncDispose]()
    await eventually(() => test.clock.sleepers === 0, { say: 'the server stops waiting for the client' })
  })
})
