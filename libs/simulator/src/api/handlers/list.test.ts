import assert from 'node:assert/strict'
import { apiUnderTest } from '../testing/api-under-test.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MINE = 'labelSelector=mine'
const configMap = (name: string) => ({ metadata: { name, labels: { mine: 'yes' } } })

describe('list', () => {
  it('comes in pages, in the order of names, each object once', async () => {
    await using test = await apiUnderTest()
    for (const name of ['e', 'a', 'd', 'b', 'c']) await test.create(MAPS, configMap(name))
    const seen: (string | undefined)[] = []
    let next = ''
    do {
      const { body } = await test.ask('GET', `${MAPS}?${MINE}&limit=2&continue=${next}`)
      seen.push(...(body.items ?? []).map((item) => item.metadata?.name))
      next = body.metadata?.continue ?? ''
    } while (next !== '')
    assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e'])
  })

  it('keeps the version of the first page, and is expired once that is forgotten', async () => {
    await using test = await apiUnderTest()
    for (const name of ['a', 'b', 'c']) await test.create(MAPS, configMap(name))
    const first = await test.ask('GET', `${MAPS}?${MINE}&limit=1`)
    await test.create(MAPS, configMap('d'))
    const second = await test.ask('GET', `${MAPS}?${MINE}&limit=1&continue=${first.body.metadata?.continue}`)
    assert.equal(second.body.metadata?.resourceVersion, first.body.metadata?.resourceVersion)
    test.api.compact()
    const late = await test.ask('GET', `${MAPS}?${MINE}&limit=1&continue=${second.body.metadata?.continue}`)
    assert.deepEqual([late.status, late.body.reason], [410, 'Expired'])
  })
})
