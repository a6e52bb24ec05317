import { createWriteStream, type WriteStream } from 'node:fs'

/** A file that the log goes to while the terminal tells the story. */
export function openLogFile(path: string): { stream: WriteStream } & AsyncDisposable {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  // A full disk must not end the process; that nothing is logged then is seen by everybody.
  stream.on('error', () => undefined)
  return { stream, [Symbol.asyncDispose]: () => new Promise((resolve) => stream.end(() => resolve())) }
}
