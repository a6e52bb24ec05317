import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import {
  bytesQuantity,
  compareQuantities,
  formatQuantity,
  millicoresQuantity,
  parseQuantity,
  quantityToNumber,
  type Quantity,
} from './quantity.ts'

const quantity = fc.record({
  nano: fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }),
  format: fc.constantFrom<Quantity['format']>('decimal', 'binary', 'exponent'),
})

describe('quantities', () => {
  const canonical: [text: string, number: number, written: string][] = [
    ['0', 0, '0'],
    ['1', 1, '1'],
    ['+1', 1, '1'],
    ['-1', -1, '-1'],
    ['.5', 0.5, '500m'],
    ['1.', 1, '1'],
    ['250m', 0.25, '250m'],
    ['1000m', 1, '1'],
    ['1500u', 0.0015, '1500u'],
    ['100n', 1e-7, '100n'],
    ['0.1n', 1e-9, '1n'],
    ['-0.1n', -1e-9, '-1n'],
    ['1k', 1000, '1k'],
    ['1500', 1500, '1500'],
    ['128Mi', 134_217_728, '128Mi'],
    ['1024Mi', 1_073_741_824, '1Gi'],
    ['1.5Gi', 1_610_612_736, '1536Mi'],
    ['0.5Ki', 512, '512'],
    ['2E', 2e18, '2E'],
    ['1e3', 1000, '1e3'],
    ['1E3', 1000, '1e3'],
    ['12e6', 12e6, '12e6'],
    ['1e-3', 0.001, '1e-3'],
  ]
  for (const [text, number, written] of canonical) {
    it(`${text} is ${number} and is written ${written}`, () => {
      assert.equal(quantityToNumber(text), number)
      assert.equal(formatQuantity(parseQuantity(text)), written)
    })
  }

  for (const text of [
    '',
    ' ',
    'Mi',
    '.',
    '1 Mi',
    '1mi',
    '1KB',
    '1ki',
    '--1',
    '1e',
    '0x10',
    'NaN',
    'Infinity',
    '1,5',
    '1e9999',
    '9'.repeat(50),
  ]) {
    it(`refuses "${text.slice(0, 12)}", saying what was expected`, () => {
      assert.throws(() => parseQuantity(text), /quantity: expected a number with a suffix/)
    })
  }

  it('reads again what it wrote, to the last billionth', () => {
    fc.assert(
      fc.property(quantity, (one) => {
        const again = parseQuantity(formatQuantity(one))
        const isRounded = one.format === 'binary' && (one.nano > 0n ? one.nano : -one.nano) >= 1024n * 10n ** 9n
        const difference = again.nano - one.nano
        if (isRounded) assert.ok((difference < 0n ? -difference : difference) < 10n ** 9n)
        else assert.equal(difference, 0n)
        assert.equal(formatQuantity(again), formatQuantity({ ...one, nano: again.nano, format: again.format }))
      }),
    )
  })

  it('reads an integer with any suffix as that many times the suffix', () => {
    const suffixes = {
      n: 1n,
      u: 10n ** 3n,
      m: 10n ** 6n,
      '': 10n ** 9n,
      k: 10n ** 12n,
      M: 10n ** 15n,
      Ki: 1024n * 10n ** 9n,
      Mi: 1024n ** 2n * 10n ** 9n,
    }
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        fc.constantFrom(...Object.entries(suffixes)),
        (n, [suffix, factor]) => {
          assert.equal(parseQuantity(`${n}${suffix}`).nano, n * factor)
        },
      ),
    )
  })

  it('never takes text that is no quantity, and never throws anything but RangeError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseQuantity(text)
        } catch (error) {
          assert.ok(error instanceof RangeError)
        }
      }),
    )
  })

  it('orders as numbers do', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        assert.equal(compareQuantities(a, b), Number(a.nano > b.nano) - Number(a.nano < b.nano))
      }),
    )
    assert.ok(compareQuantities('1000Mi', '1Gi') < 0)
    assert.equal(compareQuantities('1000m', 1), 0)
  })

  it('writes bytes and millicores', () => {
    assert.equal(formatQuantity(bytesQuantity(64 * 2 ** 20)), '64Mi')
    assert.equal(formatQuantity(bytesQuantity(1_000_000)), '1000000')
    assert.equal(formatQuantity(millicoresQuantity(1_500)), '1500m')
  })
})
