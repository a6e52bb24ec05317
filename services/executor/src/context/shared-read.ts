/**
 * Shares a read among all who ask while an earlier one is under way. Each is answered by a read that began after he asked, so
 * that he sees whatever was durable by then.
 *
 * @throws what the read throws, to all who share it
 */
export function sharedRead<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined

  function begin(): Promise<T> {
    next = undefined
    const mine = read()
    running = mine.catch(() => undefined)
    return mine
  }
  return () => (next ??= running.then(begin))
}
