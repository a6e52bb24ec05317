import { recordLocation, type Kit, type MakeCircuits } from '@kubewise/service'
import { guardStore, openStore, type Store } from '@kubewise/store'
import type { Config } from './config.ts'

/** The record, for a service that works without it too. */
export interface LazyRecord {
  /** Opens it the first time; a failure is told, and the next call tries again. */
  open(): Promise<Store>
  /** Closes it where it was opened. */
  close(): Promise<void>
}

/** The configured record, not opened before it is asked for. */
export function lazyRecord(config: Config, kit: Kit, circuits: MakeCircuits): LazyRecord {
  let opening: Promise<Store> | undefined
  const opened = async () => guardStore(await openStore(recordLocation(config), kit), circuits)
  return {
    open: () =>
      (opening ??= opened().catch((error: unknown) => {
        opening = undefined
        throw error
      })),
    close: async () => (await opening?.catch(() => undefined))?.close(),
  }
}
