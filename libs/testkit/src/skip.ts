/**
 * Inside a `describe`: goes on with `value`, or skips the whole suite and says why.
 * @example const nats = skipWithout(findNats('2.14'), 'no nats-server 2.14 on this machine')
 */
export function skipWithout<T>(value: T | undefined, reason: string): T {
  if (value === undefined)
    before(function skipAll() {
      process.stderr.write(`skipped ${this.test?.parent?.fullTitle() ?? ''}: ${reason}\n`)
      this.skip()
    })
  return value as T
}
