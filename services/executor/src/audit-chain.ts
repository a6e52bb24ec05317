import { createChain, type ChainPorts, type Sealer } from '@kubewise/audit'
import type { AuditEntry } from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'

/** The executors' chain; all of them write one. */
export const WRITER = 'executor'

/** What is told of a link; who and when are added. */
export type AuditNote = Omit<AuditEntry, 'atMs' | 'actor'>

/** The executors' chain of what was done. */
export interface AuditChain {
  /** Resolves when the link is durable. @throws StoreError; then it must be taken for not written, and nothing be done on its account */
  append(note: AuditNote): Promise<void>
}

export interface AuditPorts extends Omit<ChainPorts, 'writer'> {
  clock: Clock
  holder: string
  sealer?: Pick<Sealer, 'linked'>
}

export function createAuditChain({ clock, holder, sealer, ...ports }: AuditPorts): AuditChain {
  const chain = createChain({ ...ports, writer: WRITER })
  return {
    async append(note) {
      const link = await chain.append({ ...note, atMs: clock.now(), actor: holder })
      sealer?.linked(link)
    },
  }
}
