import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { addressRefusal, isAddressAllowed, isHostAllowed, readAllowList } from './address.ts'

const { list: nothing } = readAllowList([])
const codeOf = (address: string, list = nothing, isHostOpen = false) => addressRefusal(address, list, isHostOpen)?.code

/** Every one of these is inside some network, or nowhere. */
const INSIDE = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['240.0.0.0', 4],
] as const
const NOWHERE = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
] as const

const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const bytesOf = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const dotted = (value: number) => bytesOf(value).join('.')
const within = (networks: readonly (readonly [string, number])[]) =>
  fc.constantFrom(...networks).chain(([network, prefix]) => {
    const first = numberOf(network)
    return fc.integer({ min: first, max: first + 2 ** (32 - prefix) - 1 })
  })

/** One IPv4 address as browsers and C libraries read it. */
function writtenAs(value: number): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = bytesOf(value)
  const octal = (part: number) => `0${part.toString(8)}`
  const hex = (part: number) => `0x${part.toString(16)}`
  return [
    dotted(value),
    String(value),
    hex(value),
    octal(value),
    [a, b, c, d].map(octal).join('.'),
    [a, b, c, d].map(hex).join('.'),
    `${a}.${b * 65_536 + c * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
  ]
}

/** The same address carried by IPv6. */
function carriedBy(value: number): string[] {
  const [high, low] = [(value >>> 16).toString(16), (value & 0xffff).toString(16)]
  const flipped = ((~value >>> 0) >>> 16).toString(16)
  return [
    `::ffff:${dotted(value)}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:ffff:${high}:${low}`,
    `::FFFF:${high.toUpperCase()}:${low.toUpperCase()}`,
    `::ffff:0:${high}:${low}`,
    `::${high}:${low}`,
    `64:ff9b::${dotted(value)}`,
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::1`,
    `2001:0:1:2:3:4:${flipped}:${(~value & 0xffff).toString(16)}`,
  ]
}

describe('addresses that may be sent to', () => {
  for (const address of ['1.1.1.1', '172.15.255.255', '172.32.0.1', '192.0.1.1', '2606:4700::1111', '2a00:1450::1'])
    it(`${address} is public`, () => assert.equal(codeOf(address), undefined))

  for (const [address, code] of [
    ['127.0.0.1', 'not-public'],
    ['10.96.0.1', 'not-public'],
    ['100.64.0.1', 'not-public'],
    ['::1', 'not-public'],
    ['fd12:3456::1', 'not-public'],
    ['2001:db8::1', 'not-public'],
    ['64:ff9b::8.8.8.8', 'not-public'],
    ['::ffff:8.8.8.8', 'not-public'],
    ['0.0.0.0', 'never'],
    ['::', 'never'],
    ['169.254.169.254', 'never'],
    ['100.100.100.200', 'never'],
    ['168.63.129.16', 'never'],
    ['fd00:ec2::254', 'never'],
    ['fe80::1', 'never'],
    ['ff02::1', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['::ffff:169.254.169.254', 'never'],
    ['::ffff:0.0.0.0', 'never'],
    ['::ffff:0:0:1', 'never'],
    ['64:ff9b::a9fe:a9fe', 'never'],
    ['fe80::1%eth0', 'not-an-address'],
    ['example.com', 'not-an-address'],
    ['0x7f.1', 'not-an-address'],
  ] as const)
    it(`${address} is refused: ${code}`, () => assert.equal(codeOf(address), code))

  it('are never private ones, in whatever form they are written', () => {
    fc.assert(
      fc.property(within([...INSIDE, ...NOWHERE]), (value) => {
        for (const text of writtenAs(value)) {
          const { hostname } = new URL(`http://${text}/`)
          assert.notEqual(codeOf(hostname), undefined, `${text} is ${hostname}`)
        }
        for (const text of carriedBy(value)) assert.notEqual(codeOf(text), undefined, text)
      }),
    )
  })

  it('are never links, metadata services, groups or nobody, whatever is allowed', () => {
    const { list } = readAllowList(['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1', '*.example'])
    fc.assert(
      fc.property(fc.oneof(within(NOWHERE), fc.constantFrom(0, 1)), (value) => {
        // `::0:1` is the loopback, not 0.0.0.1.
        for (const text of [dotted(value), ...carriedBy(value)].filter((each) => each !== '::0:1'))
          assert.equal(codeOf(text, list, true), 'never', text)
      }),
    )
  })

  it('are private ones that the list names, and no others', () => {
    const { list, mistakes } = readAllowList(['10.1.0.0/16', 'fd00:1::/32', '192.168.7.7'])
    assert.deepEqual(mistakes, [])
    fc.assert(
      fc.property(within(INSIDE), (value) => {
        const isListed = value >>> 16 === 0x0a01 || value === numberOf('192.168.7.7')
        assert.equal(codeOf(dotted(value), list) === undefined, isListed)
        assert.equal(isAddressAllowed(list, dotted(value)), isListed)
      }),
    )
    assert.equal(codeOf('fd00:1:2::3', list), undefined)
    assert.equal(codeOf('fd00:2::3', list), 'not-public')
  })
})

describe('an allow-list', () => {
  it('knows hosts by their whole name, and domains by what is below them', () => {
    const { list } = readAllowList(['Alertmanager.Monitoring.svc.', '*.corp.example'])
    for (const host of [
      'alertmanager.monitoring.svc',
      'ALERTMANAGER.monitoring.svc.',
      'a.corp.example',
      'a.b.corp.example',
    ])
      assert.ok(isHostAllowed(list, host), host)
    for (const host of ['x.alertmanager.monitoring.svc', 'corp.example', 'evilcorp.example', 'corp.example.evil.com'])
      assert.ok(!isHostAllowed(list, host), host)
  })

  it('tells every entry that it cannot read', () => {
    const { mistakes } = readAllowList([
      '10.0.0.0/33',
      '10.0.0',
      'http://a',
      '10.0.0.0/0',
      '::/129',
      '10.0.0.0/8/9',
      '*',
    ])
    assert.equal(mistakes.length, 7, mistakes.join('\n'))
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (entries, host) => {
        const { list } = readAllowList(entries)
        isHostAllowed(list, host)
        addressRefusal(host, list, false)
      }),
    )
  })
})
