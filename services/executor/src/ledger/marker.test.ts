import assert from 'node:assert/strict'
import { isOfWrite } from './marker.ts'

describe('a marker', () => {
  const cases: [found: string | undefined, isOurs: boolean][] = [
    ['plan-1/back/3', true],
    ['plan-1/back/1', true],
    ['plan-1/back/0', true],
    ['plan-1/back/4', false],
    ['plan-1/back/1/undo', false],
    ['plan-1/back.rest/1', false],
    ['plan-1/back/uid/1', false],
    ['plan-2/back/1', false],
    ['plan-1/back/', false],
    ['plan-1/back/one', false],
    ['plan-1/back/-1', false],
    ['', false],
    [undefined, false],
  ]
  for (const [found, isOurs] of cases)
    it(`${found ?? 'that is not there'} is ${isOurs ? '' : 'not '}of the write of plan-1/back/3`, () => {
      assert.equal(isOfWrite(found, 'plan-1/back/3'), isOurs)
      if (found) assert.equal(isOfWrite(`${found}/undo`, 'plan-1/back/3/undo'), isOurs && !found.endsWith('/undo'))
    })
})
