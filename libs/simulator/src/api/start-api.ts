import { once } from 'node:events'
import { listen, type Clock } from '@kubewise/service'
import { startClaimProtection } from '../objects/claim-protection.ts'
import { startGarbageCollector } from '../objects/garbage-collector.ts'
import { startNamespaceController } from '../objects/namespace-controller.ts'
import type { Etcd } from '../objects/object-store.ts'
import { seededRandom } from '../objects/random.ts'
import type { AuditEntry, ObjectStore } from '../port.ts'
import { createAuthorizer } from './access/authorizer.ts'
import { createTokens } from './access/tokens.ts'
import { serviceAccountUser } from './access/user.ts'
import { admittedStore } from './admitted-store.ts'
import type { ApiContext } from './http/api-request.ts'
import { createApiServer } from './http/api-server.ts'
import { createAuditLog } from './http/audit.ts'
import { createProtocolFaults, type ProtocolFault } from './http/protocol-faults.ts'
import { kubeconfigFor } from './kubeconfig.ts'
import { seedObjects } from './seed-objects.ts'
import { createChangeHistory } from './watch/change-history.ts'

export interface ApiOptions {
  etcd: Etcd
  clock: Clock
  seed: number
  /** 0 takes a free port. */
  port: number
  host: string
}

/** A Kubernetes API server that answers, with the controllers that belong to its own promises. */
export interface Api {
  url: string
  /** The store as controllers should write to it: through defaults and admission. */
  objects: ObjectStore
  kubeconfig(token?: string): string
  audit(): readonly AuditEntry[]
  /** Makes requests go wrong. @returns a function that ends it */
  fail(fault: ProtocolFault): () => void
  /** A token for a service account, which need not exist yet. */
  tokenFor(namespace: string, serviceAccount: string): string
  /** Forgets past changes, so that a watch cannot go on from before. */
  compact(): void
  stop(): Promise<void>
}

/** Starts the API over a store: seeds it, starts its controllers, listens. @throws ListenError where the port cannot be had */
export async function startApi({ etcd, clock, seed, port, host }: ApiOptions): Promise<Api> {
  const random = seededRandom(seed + 1)
  const context: ApiContext = {
    etcd,
    clock,
    random,
    history: createChangeHistory(etcd),
    authorizer: createAuthorizer(etcd),
    tokens: createTokens(random),
  }
  const audit = createAuditLog()
  const faults = createProtocolFaults()
  const stops = [startGarbageCollector, startNamespaceController, startClaimProtection].map((start) =>
    start({ etcd, clock }),
  )
  seedObjects(etcd)
  const server = createApiServer({ context, audit, faults })
  const url = `http://${host}:${await listen(server, { port, host, variable: 'PORT' })}`
  return {
    url,
    objects: admittedStore({ etcd, clock, random }),
    kubeconfig: (token = context.tokens.admin) => kubeconfigFor(url, token),
    audit: () => audit.entries(),
    fail: (fault) => faults.add(fault),
    tokenFor: (namespace, serviceAccount) => context.tokens.issue(serviceAccountUser(namespace, serviceAccount)),
    compact: () => context.history.compact(),
    async stop() {
      for (const stop of stops) stop()
      context.history.stop()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
