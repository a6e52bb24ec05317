import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { formatQuantity, parseQuantity } from './quantity.ts'

function spelled(text: string | number): string | undefined {
  const quantity = parseQuantity(text)
  return quantity && formatQuantity(quantity)
}

describe('quantity', () => {
  for (const [given, expected] of [
    ['0', '0'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['0.5Gi', '512Mi'],
    ['512', '512'],
    ['1023Ki', '1023Ki'],
    ['1e3', '1e3'],
    ['12E6', '12e6'],
    ['2E', '2E'],
    ['1Ei', '1Ei'],
    ['-1Mi', '-1Mi'],
    ['+5', '5'],
    ['100n', '100n'],
    ['1000u', '1m'],
    ['0.0000000001', '1n'],
    ['.5', '500m'],
    ['5.', '5'],
    ['1500k', '1500k'],
    ['1000k', '1M'],
  ] as const) {
    it(`spells ${given} as the server does: ${expected}`, () => assert.equal(spelled(given), expected))
  }

  for (const text of ['', 'much', '1 Gi', '1GiB', '--1', '1mi', 'e3', '.', '1e', '0x10', 'NaN', '1e9999']) {
    it(`knows that ${JSON.stringify(text)} is none`, () => assert.equal(parseQuantity(text), undefined))
  }

  it('keeps its value and its spelling, however often it is read and written', () => {
    const suffixes = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'e-3']
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
        fc.constantFrom(...suffixes),
        (digits, suffix) => {
          const quantity = parseQuantity(`${digits}${suffix}`)
          assert.ok(quantity !== undefined)
          const text = formatQuantity(quantity)
          const again = parseQuantity(text)
          assert.equal(again?.nanos, quantity.nanos)
          assert.equal(again && formatQuantity(again), text)
        },
      ),
    )
  })
})
