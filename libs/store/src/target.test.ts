import { deepEqual, throws } from 'node:assert/strict'
import { parseStoreTarget } from './index.ts'

describe('a store target', () => {
  it('is a file', () => {
    for (const file of ['record.sqlite', '/var/lib/kubewise/record.sqlite', '~/x', 'with space', 'a:b'])
      deepEqual(parseStoreTarget(`sqlite:${file}`), { kind: 'sqlite', file })
  })

  it('is nothing else, and its password is not told', () => {
    for (const text of [
      '',
      'record.sqlite',
      'sqlite:',
      'sqlite::memory:',
      'sqlite:a\0b',
      'mongodb://u:p@h/',
      'SQLITE:x',
    ])
      throws(
        () => parseStoreTarget(text),
        (error: Error) =>
          error.message.startsWith('store: expected sqlite:FILE, got ') && !error.message.includes('u:p'),
      )
  })
})
