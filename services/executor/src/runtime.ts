import type { Signer } from '@kubewise/audit'
import type { Bus, KeyValue } from '@kubewise/bus'
import { COLLECTIONS, type BucketSpec, type Execution } from '@kubewise/contracts'
import type { Kube } from '@kubewise/kube'
import type { Kit } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import type { AuditChain } from './audit-chain.ts'
import type { Options } from './config.ts'
import type { Dependents } from './context/dependents.ts'
import type { Figures } from './figures.ts'
import type { Teller } from './tell/teller.ts'

export interface Ports extends Kit {
  bus: Bus
  store: Store
  kube: Kube
  /** Reads a file as text; the machine's unless told. @throws an error with code ENOENT when it is not there */
  readText?: (path: string) => Promise<string>
  /** The key that signs the audit chain; that of the configured file unless told. */
  openSigner?: () => Promise<Signer>
}

/** The collections that the executor reads and, of these, `executions`, `targets` and its chain of `audit`, writes. */
export function recordOf(store: Store) {
  return {
    plans: store.collection(COLLECTIONS.plans),
    incidents: store.collection(COLLECTIONS.incidents),
    anomalies: store.collection(COLLECTIONS.anomalies),
    approvals: store.collection(COLLECTIONS.approvals),
    settings: store.collection(COLLECTIONS.settings),
    kill: store.collection(COLLECTIONS.kill),
    executions: store.collection(COLLECTIONS.executions),
    targets: store.collection(COLLECTIONS.targets),
    audit: store.collection(COLLECTIONS.audit),
  }
}
export type ExecutorRecord = ReturnType<typeof recordOf>

/** What every stage is handed. */
export interface Runtime extends Required<Omit<Ports, 'openSigner'>> {
  options: Options
  /** This process, among all executors. */
  holder: string
  record: ExecutorRecord
  bucket: (spec: BucketSpec) => Promise<KeyValue>
  /** The executions that budgets count, read anew. */
  underWay: () => Promise<Execution[]>
  audit: AuditChain
  /** Why nothing may be done on the account of this record; undefined where nothing is known against it. */
  auditDoubt: () => Promise<string | undefined>
  figures: Figures
  teller: Teller
  dependents: Dependents
}
