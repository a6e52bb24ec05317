import { fnv1a32, PARTITIONS } from '@kubewise/contracts'

/**
 * Which partitions a member works on: each goes to the live member with the highest hash of the pair (rendezvous hashing,
 * Thaler and Ravishankar 1998), so that a member that comes or goes moves only its own share.
 */
export function partitionsOf(member: string, members: readonly string[]): number[] {
  const everyone = members.includes(member) ? members : [...members, member]
  return Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(
    (partition) => ownerOf(partition, everyone) === member,
  )
}

function ownerOf(partition: number, members: readonly string[]): string | undefined {
  let owner: string | undefined
  let highest = -1
  for (const member of [...members].sort()) {
    const weight = fnv1a32(`${partition}:${member}:${partition}`)
    if (weight > highest) [owner, highest] = [member, weight]
  }
  return owner
}
