import type { Service } from './kit.ts'

/** A service that, once stopped, also closes what it was handed, in that order; each is closed even if another part fails. */
export function closing(service: Service, ...ports: { close(): Promise<void> }[]): Service {
  return {
    name: service.name,
    health: service.health,
    start: () => service.start(),
    async stop() {
      await using held = new AsyncDisposableStack()
      for (const port of ports.toReversed()) held.defer(() => port.close())
      await service.stop()
    },
  }
}
