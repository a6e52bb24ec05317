import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { cut, mrkdwn, plain } from './shown.ts'

const HOSTILE = [
  '<!channel>',
  '<!here|here>',
  '<@U012AB3CD>',
  '<#C024BE7LR>',
  '<!subteam^SAZ94GDB8>',
  '<http://evil.example|Approve>',
  '@channel',
  '@here',
  '@all',
  '@everyone',
  '[Approve](http://evil.example)',
  '&lt;!channel&gt;',
  '\n*KubeWise*: all is well',
  '\u202egnp.exe',
  '\u0000\u001b[31m',
  '```',
  '\ud83d',
  '🙂',
]
const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })))
  .map((parts) => parts.join(''))

describe('a text of the cluster in a message', () => {
  it('calls nobody, links nowhere, and is one line', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const shown = mrkdwn(text)
        assert.doesNotMatch(shown, /[<>\n\r`]/)
        assert.doesNotMatch(shown, /&(?!amp;|lt;|gt;)/)
        assert.doesNotMatch(shown, /@(channel|here|all|everyone|\w)/i)
        assert.doesNotMatch(shown, /\]\(/)
        assert.doesNotMatch(shown, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
        assert.ok(shown.isWellFormed())
      }),
    )
  })

  it('means the same once it is read back', () => {
    const decode = (text: string) =>
      text.replaceAll('\u200b', '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
    fc.assert(
      fc.property(hostileText, (text) => {
        assert.equal(decode(mrkdwn(text)), plain(text).replaceAll('`', '‘'))
      }),
    )
  })

  it('is never longer than it may be, nor half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 2, max: 20 }), (text, most) => {
        assert.ok(plain(text, most).length <= most)
        assert.ok(cut(text, most).isWellFormed())
        if (text.length <= most) assert.equal(cut(text, most), text)
      }),
    )
  })

  it('keeps its words apart', () => assert.equal(plain(' a\n\tb\u2028c\u0007 '), 'a b c'))

  it('shows no secret', () => assert.doesNotMatch(plain('password=hunter2hunter2'), /hunter2/))
})
