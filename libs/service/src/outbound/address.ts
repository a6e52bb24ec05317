import { BlockList, isIP } from 'node:net'

/** Why nothing is sent to an address; `never` is refused whatever an allow-list says. */
export interface AddressRefusal {
  code: 'not-an-address' | 'never' | 'not-public'
  say: string
}

/** Addresses and host names that somebody with the right to has opened. */
export interface AllowList {
  /** Lower case, without a dot at the end; of `*.corp.example` each name below. */
  hosts: readonly string[]
  addresses: BlockList
}

type Subnet = readonly [network: string, prefix: number]

/** Nothing that takes messages lives here, and much that gives out credentials does: metadata services, whoever listens on this link. */
const NEVER_IPV4: readonly Subnet[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
]
const NEVER_IPV6: readonly Subnet[] = [
  ['::', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
]

/** @see IANA IPv4 Special-Purpose Address Registry (RFC 6890) */
const NOT_PUBLIC_IPV4: readonly Subnet[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['240.0.0.0', 4],
]

/** Global unicast is all that is given out; mapped, NAT64, unique local and loopback addresses lie outside. RFC 4291. */
const GLOBAL_IPV6: Subnet = ['2000::', 3]
/** What of it is documentation, or carries an IPv4 address of whoever wrote it (Teredo, 6to4). RFC 6890. */
const NOT_PUBLIC_IPV6: readonly Subnet[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

function subnets(family: 'ipv4' | 'ipv6', list: readonly Subnet[]): BlockList {
  const block = new BlockList()
  for (const [network, prefix] of list) block.addSubnet(network, prefix, family)
  return block
}

const never = { 4: subnets('ipv4', NEVER_IPV4), 6: subnets('ipv6', NEVER_IPV6) }
const notPublic = { 4: subnets('ipv4', NOT_PUBLIC_IPV4), 6: subnets('ipv6', NOT_PUBLIC_IPV6) }
const globalIpv6 = subnets('ipv6', [GLOBAL_IPV6])

/** The eight groups of an IPv6 address, or undefined. */
function groupsOf(address: string): number[] | undefined {
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1)
  if (!canonical) return undefined
  const [head = '', tail] = canonical.split('::')
  const read = (text: string) => text.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)]))
  const before = read(head)
  const after = read(tail ?? '')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<number>(zeros).fill(0), ...after]
}

const dotted = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255].join('.')

/** The IPv4 address within an IPv6 one: mapped, compatible, translated, NAT64, 6to4, Teredo. RFC 4291, 6052, 8215, 3056, 4380. */
function embeddedIpv4(address: string): string | undefined {
  const groups = groupsOf(address)
  if (!groups) return undefined
  const [a = 0, b, c, d, e, f, g = 0, h = 0] = groups
  const isZero = (...some: (number | undefined)[]) => some.every((group) => group === 0)
  const isMapped = isZero(a, b, c, d) && ((isZero(e) && f === 0xffff) || (e === 0xffff && isZero(f)))
  // `::` and `::1` are addresses of their own.
  const isCompatible = isZero(a, b, c, d, e, f) && (g !== 0 || h > 1)
  if (isMapped || isCompatible) return dotted(g, h)
  if (a === 0x64 && b === 0xff9b) return dotted(g, h)
  if (a === 0x2002) return dotted(b, c)
  if (a === 0x2001 && b === 0) return dotted(g ^ 0xffff, h ^ 0xffff)
  return undefined
}

function isNever(address: string, family: number): boolean {
  if (family === 4) return never[4].check(address, 'ipv4')
  const embedded = embeddedIpv4(address)
  return never[6].check(address, 'ipv6') || (embedded !== undefined && never[4].check(embedded, 'ipv4'))
}

const isPublic = (address: string, family: number) =>
  family === 4
    ? !notPublic[4].check(address, 'ipv4')
    : globalIpv6.check(address, 'ipv6') && !notPublic[6].check(address, 'ipv6')

/** An entry of an allow-list: a host, `*.` and a domain, an address, or a CIDR. @returns what is wrong with it, if anything */
function addTo(list: { hosts: string[]; addresses: BlockList }, entry: string): string | undefined {
  const [network = '', prefix, ...rest] = entry.replace(/^\[|\]$/g, '').split('/')
  const family = isIP(network)
  if (family === 0) {
    const isName = /^(?:\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(entry)
    if (!isName || /^[\d.]+$/.test(entry)) return `expected a host, an address or a CIDR, got ${JSON.stringify(entry)}`
    list.hosts.push(entry.toLowerCase().replace(/\.$/, ''))
    return undefined
  }
  const longest = family === 4 ? 32 : 128
  const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (rest.length > 0 || !(length >= 1 && length <= longest))
    return `expected a prefix from 1 to ${longest}, got ${JSON.stringify(entry)}`
  list.addresses.addSubnet(network, length, family === 4 ? 'ipv4' : 'ipv6')
  return undefined
}

/**
 * Reads an allow-list: host names, `*.domain`, addresses, CIDRs.
 *
 * @returns the list, and a sentence for each entry that is none of these
 */
export function readAllowList(entries: readonly string[]): { list: AllowList; mistakes: string[] } {
  const list = { hosts: [] as string[], addresses: new BlockList() }
  const mistakes = entries.flatMap((entry) => addTo(list, entry) ?? [])
  return { list, mistakes }
}

/** Is this very name on the list? The address behind it may then be one that is not public. */
export function isHostAllowed({ hosts }: AllowList, hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  return hosts.some((each) => (each.startsWith('*.') ? host.endsWith(each.slice(1)) : host === each))
}

/** Is this address in a network of the list? */
export const isAddressAllowed = ({ addresses }: AllowList, address: string): boolean =>
  isIP(address) !== 0 && addresses.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')

/**
 * Why nothing may be sent to an address that a name resolved to; undefined when it may. Public addresses may be sent to; those of
 * private networks only where the list names them or `isHostOpen`.
 *
 * @param address as a resolver gives it
 * @param isHostOpen whether the name that was resolved is on the list
 */
export function addressRefusal(address: string, list: AllowList, isHostOpen: boolean): AddressRefusal | undefined {
  const family = isIP(address)
  // A zone names a link: `fe80::1%eth0`.
  if (family === 0 || address.includes('%')) return { code: 'not-an-address', say: `${address} is no address` }
  if (isNever(address, family))
    return { code: 'never', say: `${address} is of the link, a metadata service, unspecified or multicast` }
  if (isPublic(address, family) || isHostOpen || isAddressAllowed(list, address)) return undefined
  return { code: 'not-public', say: `${address} is not public and not on the allow-list` }
}
