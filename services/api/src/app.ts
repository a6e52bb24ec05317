import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { openSigner, type Signer } from '@kubewise/audit'
import type { Bus } from '@kubewise/bus'
import { BUCKETS, COLLECTIONS, STREAMS, type CollectionSpec, type StoredDocument } from '@kubewise/contracts'
import { auditKeyFile, every, expandHome, listen, type Kit, type Service } from '@kubewise/service'
import type { Store } from '@kubewise/store'
import express from 'express'
import helmet from 'helmet'
import { createAudit, type Audit } from './audit.ts'
import type { Config } from './config.ts'
import { authenticator, readTokens } from './identity.ts'
import { startLiveStream, type LiveStream } from './live-stream.ts'
import { Problem, problems } from './problem.ts'
import { mount, type Desk } from './route.ts'
import { alertRoutes } from './routes/alerts.ts'
import { anomalyRoutes } from './routes/anomalies.ts'
import { configurationRoutes } from './routes/configuration.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { planRoutes } from './routes/plans.ts'
import { questionRoutes } from './routes/questions.ts'
import { recordRoutes } from './routes/record.ts'
import { silenceRoutes } from './routes/silences.ts'
import { validationRoutes } from './routes/validation.ts'

export { readConfig, type Config } from './config.ts'

export interface Ports extends Kit {
  bus: Bus
  store: Store
  /** Where it listens; all interfaces unless told. */
  host?: string
  /** The key that signs the audit chain; that of the configured file unless told. */
  openSigner?: () => Promise<Signer>
}

/** Every call of the API. A new one is a row in one of these lists. */
export const ROUTES = [
  ...healthRoutes,
  ...anomalyRoutes,
  ...planRoutes,
  ...questionRoutes,
  ...recordRoutes,
  ...eventRoutes,
  ...silenceRoutes,
  ...alertRoutes,
  ...configurationRoutes,
  ...validationRoutes,
]

const BODY_LIMIT = '256kb'
const PING_MS = 5000
const EXPIRE_MS = 60_000

/** A store removes only from collections that it has opened, and whoever writes them may run no more. */
function openExpiring(store: Store): void {
  for (const spec of Object.values(COLLECTIONS) as CollectionSpec<StoredDocument>[])
    if (spec.expiresField !== undefined) store.collection(spec)
}

export interface Api extends Service {
  /** Port it listens on, once started. */
  port(): number
}

/** REST over the record and a live stream; takes decisions of people. It never touches the cluster. */
export function createApi(ports: Ports, config: Config): Api {
  const { bus, store, clock, log, health } = ports
  const stopping = new AbortController()
  const signal = AbortSignal.any([ports.signal, stopping.signal])
  let server: Server | undefined
  let live: LiveStream | undefined
  let audit: Audit | undefined
  let port = 0

  function createDesk(): Desk {
    const tokens = config.KUBEWISE_API_TOKEN_FILE
      ? readTokens(readFileSync(expandHome(config.KUBEWISE_API_TOKEN_FILE), 'utf8'))
      : []
    if (tokens.length === 0) log.warn('no tokens are set: the API can be read, nothing can be changed through it')
    live = startLiveStream(bus, config.KUBEWISE_CLUSTER, clock, log)
    audit = createAudit({
      openSigner: () => openSigner(auditKeyFile(config)),
      ...ports,
      cluster: config.KUBEWISE_CLUSTER,
    })
    return { ...ports, config, audit, live, authenticate: authenticator(tokens), startedMs: clock.now() }
  }

  return {
    name: 'api',
    health,
    port: () => port,
    async start() {
      await bus.provision(Object.values(STREAMS), Object.values(BUCKETS))
      const app = express()
      app.disable('x-powered-by')
      app.use(helmet(), express.json({ limit: BODY_LIMIT, strict: true }))
      mount(app, ROUTES, createDesk())
      app.use((request) => {
        throw new Problem(404, 'no-such-route', `There is no ${request.method} ${request.path}.`)
      })
      app.use(problems(log))
      server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, app)
      port = await listen(server, {
        port: config.PORT,
        variable: 'PORT',
        ...(ports.host !== undefined && { host: ports.host }),
      })
      log.info({ port }, 'listening')
      const watch = async () => {
        health.set('bus', 'ready', { ok: bus.isConnected(), say: bus.isConnected() ? 'connected' : 'not connected' })
        await store.ping()
        health.set('record', 'ready', { ok: true, say: 'reachable' })
      }
      void every(clock, PING_MS, signal, watch, () =>
        health.set('record', 'ready', { ok: false, say: 'the record cannot be reached' }),
      )
      openExpiring(store)
      void every(
        clock,
        EXPIRE_MS,
        signal,
        async () => void (await store.expire(clock.now())),
        (error) => log.warn({ err: error }, 'expired documents not deleted'),
      )
    },
    async stop() {
      stopping.abort(new Error('the API is stopping'))
      await live?.stop()
      await new Promise<void>((resolve) => {
        if (!server) return resolve()
        server.close(() => resolve())
        server.closeIdleConnections()
      })
      await audit?.stop()
    },
  }
}
