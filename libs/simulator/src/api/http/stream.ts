import type { ServerResponse } from 'node:http'
import type { WatchAnswer } from './api-request.ts'
import { GONE } from './failure.ts'
import type { FaultKind } from './protocol-faults.ts'
import { frameText } from './respond.ts'

/** A watcher that reads slower than things happen is cut off, as by the real server, before it costs all memory. */
const MOST_UNREAD_BYTES = 64 * 1024 * 1024

/** Sends a watch, a frame a line, until either side ends it; with a fault, as that has it. */
export function stream(response: ServerResponse, { watch }: WatchAnswer, fault: FaultKind | undefined): void {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.flushHeaders()
  if (fault === 'silent-watch') return
  if (fault === 'gone') {
    response.end(frameText({ type: 'ERROR', object: GONE.body() }))
    return
  }
  const stop = watch(
    (frame) => {
      // A second frame in the same moment: the answer has been cut off already.
      if (response.writableEnded) return
      const text = frameText(frame)
      if (fault === 'truncate') response.end(text.slice(0, text.length / 2))
      else response.write(fault === 'duplicate' ? text + text : text)
      if (response.writableLength > MOST_UNREAD_BYTES) response.destroy()
    },
    () => response.end(),
  )
  response.on('close', stop)
}
