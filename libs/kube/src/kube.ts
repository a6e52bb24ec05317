import type { Clock, Logger, Metrics } from '@kubewise/service'
import { openAccess } from './access.ts'
import { createClient, type Call, type Client } from './client.ts'
import { isKubeError, isRecord, KubeError } from './errors.ts'
import { asObject, listAll } from './list.ts'
import type { KubernetesObject } from './objects.ts'
import { collectionPath, groupPath, noNamespace, objectPath } from './paths.ts'
import type { AccessQuestion, Kube, ObjectRef, Patch, Resource, WriteOptions } from './port.ts'
import { reflect } from './reflect.ts'
import { createReflectorCounters } from './reflector-counters.ts'
import { RESOURCES, apiVersionOf } from './resources.ts'
import { createTransport } from './transport.ts'

export interface ConnectOptions {
  /** Path, several paths joined as in KUBECONFIG, or the YAML itself; else as kubectl finds it, then the pod's account. */
  kubeconfig?: string | undefined
  context?: string | undefined
  userAgent?: string
  /** Who the API server writes down as the owner of changed fields. */
  fieldManager: string
  clock: Clock
  log: Logger
  metrics?: Metrics
  /** For one request and its answer, milliseconds of real time; a watch's stream is not bounded by it. */
  timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 15_000

const PATCH_CONTENT_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
} as const satisfies Record<Patch['type'], string>

type WriteCall = Required<Pick<Call, 'isWrite' | 'isDryRun' | 'signal'>> & { query: Record<string, string> }

/** What all writes share. Strict: a misspelt field is an error, not a change that silently does nothing. */
function writeCall(fieldManager: string, options: WriteOptions): WriteCall {
  return {
    isWrite: true,
    isDryRun: options.isDryRun === true,
    signal: options.signal,
    query: { fieldManager, fieldValidation: 'Strict', ...(options.isDryRun ? { dryRun: 'All' } : {}) },
  }
}

/** The groups that an account's token brings along; a review of another's rights takes only those that it is told. */
function groupsOf(user: string): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? []
  const accounts = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return [...accounts, 'system:authenticated']
}

function reviewOf(question: AccessQuestion): object {
  const { verb, group, resource, subresource, namespace, name, user } = question
  const resourceAttributes = { verb, group, resource, subresource, namespace, name }
  return {
    apiVersion: 'authorization.k8s.io/v1',
    ...(user === undefined
      ? { kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } }
      : { kind: 'SubjectAccessReview', spec: { resourceAttributes, user, groups: groupsOf(user) } }),
  }
}

function verdictOf(answer: Record<string, unknown>): { isAllowed: boolean; reason: string } {
  const status = answer['status']
  if (!isRecord(status) || typeof status['allowed'] !== 'boolean') {
    throw new KubeError({ kind: 'malformed', reason: 'NoVerdict', message: 'access review has no verdict' })
  }
  const said = [status['reason'], status['evaluationError']].filter((part) => typeof part === 'string' && part !== '')
  return { isAllowed: status['allowed'], reason: said.join('; ') }
}

/** Names of what a group serves, subresources as `pods/resize`. */
function servedNames({ resources }: Record<string, unknown>): string[] {
  if (!Array.isArray(resources))
    throw new KubeError({ kind: 'malformed', reason: 'NoResources', message: 'expected a list of resources' })
  return resources.flatMap((one: unknown) => (isRecord(one) && typeof one['name'] === 'string' ? [one['name']] : []))
}

function versionOf({ gitVersion }: Record<string, unknown>): string {
  if (typeof gitVersion === 'string') return gitVersion
  throw new KubeError({ kind: 'malformed', reason: 'NoVersion', message: 'expected a gitVersion' })
}

/** An eviction and a delete answer with a Status or with the object; that they succeeded is all there is to know. */
const ignored = () => undefined

function reads(client: Client, log: Logger, clock: Clock, metrics: Metrics | undefined) {
  const counters = createReflectorCounters(metrics)
  return {
    list: (resource, options, signal) => listAll(client, resource, options, signal),
    async get<T extends KubernetesObject>(resource: Resource, ref: ObjectRef, signal?: AbortSignal) {
      const call: Call = { method: 'GET', path: objectPath(resource, ref), what: resource.plural, signal }
      try {
        return await client.json(call, (document) => asObject<T>(document, resource))
      } catch (error) {
        // Only the API server's own word: a proxy's 404 does not mean that the object is gone.
        if (isKubeError(error, 'not-found') && error.reason === 'NotFound') return undefined
        throw error
      }
    },
    reflect: (resource, options, observer) => reflect({ client, resource, options, observer, log, clock, counters }),
    async canI(question, signal) {
      const what = question.user === undefined ? 'selfsubjectaccessreviews' : 'subjectaccessreviews'
      const path = `/apis/authorization.k8s.io/v1/${what}`
      const body = JSON.stringify(reviewOf(question))
      return client.json({ method: 'POST', path, body, what, signal }, verdictOf)
    },
    async serves(resource, subresource, signal) {
      const call: Call = { method: 'GET', path: groupPath(resource), what: 'discovery', signal }
      return (await client.json(call, servedNames)).includes(`${resource.plural}/${subresource}`)
    },
    async nodeSummary(node, signal) {
      const path = `${objectPath(RESOURCES.Node, { name: node }, 'proxy')}/stats/summary`
      return client.json({ method: 'GET', path, what: 'nodes/proxy', signal }, (document) => document)
    },
    clockSkewMs: () => client.clockSkewMs(),
    async serverVersion(signal) {
      return client.json({ method: 'GET', path: '/version', what: 'version', signal }, versionOf)
    },
  } satisfies Partial<Kube>
}

function writes(client: Client, fieldManager: string) {
  return {
    async create<T extends KubernetesObject>(resource: Resource, object: T, options: WriteOptions = {}) {
      const body = JSON.stringify({ ...object, apiVersion: apiVersionOf(resource), kind: resource.kind })
      const namespace = object.metadata?.namespace
      if (resource.isNamespaced && namespace === undefined) throw noNamespace(resource)
      const path = collectionPath(resource, namespace)
      const call: Call = { method: 'POST', path, body, what: resource.plural, ...writeCall(fieldManager, options) }
      return await client.json(call, (document) => asObject<T>(document, resource))
    },
    async patch<T extends KubernetesObject>(
      resource: Resource,
      ref: ObjectRef,
      patch: Patch,
      options: WriteOptions = {},
    ) {
      const call = writeCall(fieldManager, options)
      if (patch.type === 'apply' && patch.force) call.query['force'] = 'true'
      const sent: Call = {
        method: 'PATCH',
        path: objectPath(resource, ref, options.subresource),
        body: JSON.stringify(patch.type === 'json' ? patch.operations : patch.body),
        contentType: PATCH_CONTENT_TYPES[patch.type],
        what: resource.plural,
        ...call,
      }
      return client.json(sent, (document) => asObject<T>(document, resource))
    },
    async evict(ref, uid, options = {}) {
      const { gracePeriodSeconds } = options
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: ref.name, namespace: ref.namespace },
        deleteOptions: { preconditions: { uid }, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) },
      }
      const path = objectPath(RESOURCES.Pod, ref, 'eviction')
      const body = JSON.stringify(eviction)
      await client.json({ method: 'POST', path, body, what: 'evictions', ...writeCall(fieldManager, options) }, ignored)
    },
    async delete(resource, ref, uid, options = {}) {
      const { isDryRun, isWrite, signal } = writeCall(fieldManager, options)
      // With a body, the server reads no option from the query: a dry run asked for there would delete.
      const dryRun = isDryRun ? { dryRun: ['All'] } : {}
      const { gracePeriodSeconds } = options
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid },
        // Else a Job's pods would stay behind, for want of a default in some versions of its API.
        propagationPolicy: 'Background',
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        ...dryRun,
      }
      const sent: Call = {
        method: 'DELETE',
        path: objectPath(resource, ref),
        body: JSON.stringify(body),
        what: resource.plural,
        isDryRun,
        isWrite,
        signal,
      }
      await client.json(sent, ignored)
    },
  } satisfies Partial<Kube>
}

/**
 * A way into one cluster. Reads the kubeconfig, touches no network: the first request does.
 *
 * @throws KubeError `invalid` for a kubeconfig that is absent, broken, or has no such context
 */
export function openKube(options: ConnectOptions): Kube {
  const { clock, log, metrics, fieldManager, timeoutMs = DEFAULT_TIMEOUT_MS, userAgent = 'kubewise' } = options
  const access = openAccess(options.kubeconfig, options.context, clock)
  const client = createClient(createTransport({ access, clock, timeoutMs, userAgent }), { clock, log, metrics })
  return { ...reads(client, log, clock, metrics), ...writes(client, fieldManager) }
}

/**
 * As {@link openKube}, and asks the server for its version, so that a wrong address or wrong credentials show at once.
 *
 * @throws KubeError also `unreachable`, `timeout`, `unauthorized`, `malformed` (no API server answers there)
 */
export async function connectKube(options: ConnectOptions, signal?: AbortSignal): Promise<Kube> {
  const kube = openKube(options)
  try {
    const version = await kube.serverVersion(signal)
    options.log.info({ version }, 'connected to the Kubernetes API')
  } catch (error) {
    // The server knows us but keeps its version to itself: that is an answer.
    if (!isKubeError(error, 'forbidden')) throw error
  }
  return kube
}
