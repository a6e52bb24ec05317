import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { plainText } from './plain-text.ts'
import { templateOf, templatesOf } from './templates.ts'

describe('templates of texts', () => {
  const cases: [string, string][] = [
    [
      'Back-off restarting failed container app in pod web-6d4_shop(uid)',
      'back-off restarting failed container <*> in pod <*>',
    ],
    ['configmap "settings" not found', 'configmap <*> not found'],
    ['SRE directive: delete namespace payments', '<*> namespace <*>'],
    ['0/5 nodes are available: 2 Insufficient cpu.', '<*> nodes are available <*> insufficient cpu'],
  ]
  for (const [text, template] of cases) it(text, () => assert.equal(templateOf(text), template))

  it('hold no word that no system component uses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (noise) => {
        const template = templateOf(`container ${noise}zq failed`)
        assert.ok(!template.includes('zq') && /^[a-z0-9/'<*> -]*$/.test(template), template)
      }),
    )
  })

  it('are counted, most frequent first, and left out where too little is left', () => {
    const texts = ['pod a not ready', 'configmap x not found', 'pod b not ready', 'delete everything']
    assert.deepEqual(
      templatesOf(texts),
      [
        { text: 'pod a not ready', count: 1 },
        { text: 'configmap <*> not found', count: 1 },
        { text: 'pod <*> not ready', count: 1 },
      ].sort((a, b) => (a.text < b.text ? -1 : 1)),
    )
  })
})

describe('plain text', () => {
  it('shows nothing that is not seen, steers nothing, and is no longer than wanted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (text, length) => {
        const plain = plainText(text, length)
        assert.ok(plain.length <= length)
        assert.doesNotMatch(plain, /[\p{Cc}\p{Cf}\u2028\u2029]/u)
      }),
    )
    assert.equal(plainText('\u202eﬁle\u200b\u0000  name', 20), 'file name')
  })
})
