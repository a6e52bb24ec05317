import type { Service } from './kit.ts'

/** A service that, once stopped, also closes what it was handed, in that order. */
export function closing(service: Service, ...ports: { close(): Promise<void> }[]): Service {
  return {
    ...service,
    async stop() {
      await service.stop()
      for (const port of ports) await port.close()
    },
  }
}
