import { statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { Nats } from '@kubewise/testkit'
import { TICKS } from './each-server.ts'

/** A file of the stream of ticks in the server's folder. */
export const streamFile = (nats: Nats, ...path: string[]) =>
  join(nats.storeFolder, 'jetstream', '$G', 'streams', TICKS.name, ...path)

/**
 * What a power failure does, for tests: the tail of a stream, acked but not yet on the disk, is gone; what the server
 * knows of its consumers is not. Half the stream is lost.
 */
export async function losePower(nats: Nats): Promise<void> {
  await nats.kill()
  const block = streamFile(nats, 'msgs', '1.blk')
  truncateSync(block, Math.floor(statSync(block).size / 2))
  await nats.restart()
}
