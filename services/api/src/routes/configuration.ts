import {
  BUCKETS,
  COLLECTIONS,
  Inhibition,
  MODES,
  NamedIntervals,
  RISKS,
  Window,
  type Settings,
} from '@kubewise/contracts'
import { limitsOf, protectedNamespacesOf, scheduleMistakes, strictestMode } from '@kubewise/policy'
import { budgetsOf } from '@kubewise/service'
import { Type } from 'typebox'
import type { Config } from '../config.ts'
import { badRequest, Problem } from '../problem.ts'
import { changing, type Desk, type Route } from '../route.ts'

const limit = Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 }))

/** What a person may change while KubeWise runs. */
const Change = Type.Object(
  {
    mode: Type.Optional(Type.Enum([...MODES])),
    modes: Type.Optional(Type.Record(Type.String(), Type.Enum([...MODES]))),
    riskModes: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(Object.fromEntries(RISKS.map((risk) => [risk, Type.Optional(Type.Enum([...MODES]))])), {
          additionalProperties: false,
        }),
      ),
    ),
    protectedNamespaces: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 1000 })),
    autoRisk: Type.Optional(Type.Enum([...RISKS])),
    cooldownSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })),
    maxParallel: limit,
    maxParallelPerNamespace: limit,
    maxPerHour: limit,
    maxPerHourPerNamespace: limit,
    readyShare: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    timeIntervals: Type.Optional(Type.Array(NamedIntervals, { maxItems: 64 })),
    windows: Type.Optional(Type.Array(Window, { maxItems: 64 })),
    inhibitions: Type.Optional(Type.Array(Inhibition, { maxItems: 64 })),
  },
  { additionalProperties: false, minProperties: 1 },
)

const ID = 'settings'
const SECOND = 1000

/** What is in force: the installation's values, made stricter by the settings, never looser; beside them what was set. */
function told(config: Config, settings: Settings | undefined) {
  const limits = limitsOf({ cooldownMs: config.REMEDIATION_COOLDOWN_SECONDS * SECOND, ...budgetsOf(config) }, settings)
  const { _id, version, ...set } = settings ?? { _id: ID, version: 0 }
  return {
    cluster: config.KUBEWISE_CLUSTER,
    mode: strictestMode(config.KUBEWISE_MODE, settings?.mode),
    modes: settings?.modes ?? {},
    riskModes: settings?.riskModes ?? {},
    autoRisk: limits.autoRisk,
    cooldownSeconds: limits.cooldownMs / SECOND,
    maxParallel: limits.maxParallel,
    maxParallelPerNamespace: limits.maxParallelPerNamespace,
    maxPerHour: limits.maxPerHour,
    maxPerHourPerNamespace: limits.maxPerHourPerNamespace,
    readyShare: limits.readyShare,
    protectedNamespaces: protectedNamespacesOf(
      [...config.KUBEWISE_SYSTEM_NAMESPACES, ...config.BLACKLISTED_NAMESPACES],
      settings,
    ),
    prom_url: config.PROM_URL,
    mongo_uri_set: config.MONGO_URI !== undefined,
    gemini_api_key_set: config.GEMINI_API_KEY !== undefined && config.GEMINI_API_KEY !== 'changeme',
    gemini_model_id: config.GEMINI_MODEL_ID ?? null,
    anomaly_thresholds: config.ANOMALY_THRESHOLDS,
    log_level: config.LOG_LEVEL,
    set,
    version,
  }
}

const read: Route = {
  method: 'get',
  paths: ['/api/v1/config', '/config'],
  summary: 'The configuration in force; no secret is shown. ETag is its version.',
  async answer(_request, response, { store, config }) {
    const settings = await store.collection(COLLECTIONS.settings).get(ID)
    response.set('etag', `"${settings?.version ?? 0}"`)
    return told(config, settings)
  },
}

const write = changing({
  method: 'put',
  paths: ['/api/v1/config', '/config'],
  summary: 'Changes settings; If-Match guards against overwriting what another changed.',
  role: 'admin',
  body: Change,
  async answer(change, who, { store, clock, audit, config }, request) {
    const collection = store.collection(COLLECTIONS.settings)
    const current = await collection.get(ID)
    const expected = request.headers['if-match']
    if (expected !== undefined && expected !== `"${current?.version ?? 0}"`)
      throw new Problem(412, 'changed-meanwhile', `The configuration is at version ${current?.version ?? 0}.`)
    const { _id: _ignored, version = 0, ...before } = current ?? { _id: ID }
    const next = { ...before, ...change, _id: ID, changedMs: clock.now(), changedBy: who.name }
    const mistakes = scheduleMistakes(next)
    if (mistakes.length > 0) throw badRequest(mistakes)
    await audit.write({
      event: 'configured',
      atMs: clock.now(),
      actor: who.name,
      say: `${who.name} changes the configuration.`,
      detail: { change },
    })
    const outcome = current ? await collection.replace({ ...next, version }) : await collection.insert(next)
    if (outcome === 'conflict' || outcome === 'exists')
      throw new Problem(409, 'conflict', 'Others were changing it at the same time; read it and try again.')
    return told(config, { ...next, version: version + 1 })
  },
})

const KILL = 'kill'

const readKill: Route = {
  method: 'get',
  paths: ['/api/v1/kill'],
  summary: 'Whether the kill switch is set.',
  async answer(_request, _response, { store }) {
    const kill = await store.collection(COLLECTIONS.kill).get(KILL)
    return { isSet: kill?.isSet ?? false, ...(kill && { by: kill.by, reason: kill.reason, changedMs: kill.changedMs }) }
  },
}

const writeKill = changing({
  method: 'put',
  paths: ['/api/v1/kill'],
  summary:
    'Sets or lifts the kill switch, on the bus and in the record: while it is set nothing is done to the cluster.',
  role: 'operator',
  body: Type.Object(
    { isSet: Type.Boolean(), reason: Type.String({ minLength: 1, maxLength: 1024 }) },
    { additionalProperties: false },
  ),
  answer: async ({ isSet, reason }, who, desk) => {
    const { clock, audit, log } = desk
    const auditKill = () =>
      audit.write({
        event: isSet ? 'killed' : 'resumed',
        atMs: clock.now(),
        actor: who.name,
        say: `${who.name} ${isSet ? 'stops' : 'resumes'} all actions: ${reason}`,
      })
    // Stopping must not wait for the audit, nor fail with it; resuming must.
    if (!isSet) await auditKill()
    const channels = await killOnBoth(desk, isSet, who.name, reason)
    if (isSet)
      await auditKill().catch((error: unknown) => log.error({ err: error, by: who.name }, 'a stop is not in the audit'))
    return { isSet, by: who.name, reason, channels }
  },
})

/**
 * One channel is enough to stop; to resume, all must be lifted.
 *
 * @returns what became of it on each channel
 */
async function killOnBoth(desk: Desk, isSet: boolean, by: string, reason: string) {
  const [record, bus] = await Promise.allSettled([
    killInRecord(desk, isSet, by, reason),
    killOnBus(desk, isSet, by, reason),
  ])
  const failed = [record, bus].filter((outcome) => outcome.status === 'rejected')
  if (failed.length === 2 || (failed.length === 1 && !isSet)) throw failed[0]!.reason
  const told = ({ status }: PromiseSettledResult<void>) => (status === 'fulfilled' ? 'done' : 'not reached')
  return { record: told(record), bus: told(bus) }
}

async function killInRecord({ store, clock }: Desk, isSet: boolean, by: string, reason: string): Promise<void> {
  const collection = store.collection(COLLECTIONS.kill)
  for (;;) {
    const current = await collection.get(KILL)
    const kill = { _id: KILL, isSet, by, reason, changedMs: clock.now() }
    const outcome = current
      ? await collection.replace({ ...kill, version: current.version })
      : await collection.insert(kill)
    if (outcome === 'replaced' || outcome === 'inserted') return
  }
}

async function killOnBus({ bus }: Desk, isSet: boolean, by: string, reason: string): Promise<void> {
  const control = await bus.kv(BUCKETS.control)
  if (isSet) await control.put(KILL, { by, reason })
  else await control.delete(KILL)
}

export const configurationRoutes: readonly Route[] = [read, write, readKill, writeKill]
