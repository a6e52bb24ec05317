import { ownerOf } from '@kubewise/bus'
import { PARTITIONS } from '@kubewise/contracts'

/** Which partitions a member works on: each belongs to one live member. */
export function partitionsOf(member: string, members: readonly string[]): number[] {
  const everyone = members.includes(member) ? members : [...members, member]
  return Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(
    (partition) => ownerOf(partition, everyone) === member,
  )
}
