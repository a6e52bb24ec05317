import { createChain, createSealer, type SealPorts } from '@kubewise/audit'
import type { AuditEntry } from '@kubewise/contracts'

/** Writes who changed what to the API's chain. */
export interface Audit {
  /** Resolves when the link is durable: before the change is made. @throws StoreError */
  write(entry: AuditEntry): Promise<void>
  /** Seals what was written. Never rejects. */
  stop(): Promise<void>
}

/** One chain for all processes of this service, signed from time to time. */
export function createAudit(ports: Omit<SealPorts, 'writer'>): Audit {
  const mine = { ...ports, writer: 'api' }
  const chain = createChain(mine)
  const sealer = createSealer(mine)
  sealer.start()
  return {
    write: async (entry) => sealer.linked(await chain.append(entry)),
    stop: () => sealer.stop(),
  }
}
