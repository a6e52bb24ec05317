import type { Thing } from './thing.ts'

const LONG = 20_000

/** What the writing process stores as a thing's data: long, and different for each version. */
export const dataFor = (id: string, count: number): string =>
  `${id} ${count} `.repeat(count === 0 ? 0 : Math.ceil(LONG / (id.length + 4)))

/** Do the parts of a thing belong to one write? */
export const wholeness = ({ _id, count = -1, version, data }: Thing): string =>
  count === version && data === dataFor(_id, count) ? 'whole' : count === 0 ? 'whole' : `torn: ${_id} at ${version}`
