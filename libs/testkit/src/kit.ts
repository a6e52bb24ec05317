import { createKit, silentLog, type Kit, type KitOptions } from '@kubewise/service'

export interface TestKit extends Kit {
  /** Aborts the kit's signal, as the beginning of a stop does. */
  abort(): void
}

/** A kit whose log is silent; whatever is given is taken instead. */
export function testKit(given: Partial<KitOptions> = {}): TestKit {
  const controller = new AbortController()
  const kit = createKit({ name: 'test', log: silentLog, signal: controller.signal, ...given })
  return { ...kit, abort: () => controller.abort(new Error('the test is over')) }
}
