import type { StoreTarget } from '../target.ts'
import { openStore } from '../open.ts'
import type { Store } from '../port.ts'
import { silentLog, systemClock } from '@kubewise/service'

/** A place for records that the contract is checked on. */
export interface Backend extends AsyncDisposable {
  /** Of a record that nobody else uses. */
  target(): Promise<StoreTarget>
}

/** The record of one test, opened as often as the test likes; all is closed with it. */
export interface Opened extends AsyncDisposable {
  target: StoreTarget
  store: Store
  /** Another connection to the same record. */
  again(): Promise<Store>
}

export async function openFresh(backend: Backend): Promise<Opened> {
  const target = await backend.target()
  const stores: Store[] = []
  const again = async () => {
    const store = await openStore(target, { clock: systemClock, log: silentLog })
    stores.push(store)
    return store
  }
  return {
    target,
    store: await again(),
    again,
    [Symbol.asyncDispose]: async () => void (await Promise.all(stores.map((store) => store.close()))),
  }
}
