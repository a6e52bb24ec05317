/**
 * Makes failures on a real cluster and writes down what the API server, its Events and Prometheus said of each, in the form of
 * a scenario: `node test/eval/record.ts [--into FOLDER] [ID…]`. Wants KUBECONFIG and kubectl; PROM_URL for series. What only the
 * machine below can do is a command each: FREEZE_NODE NODE, THAW_NODE NODE, TAG_IMAGE NAME, FORGET_IMAGE NAME.
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { connectKube, RESOURCES, type Kube, type Pod } from '@kubewise/kube'
import { METRICS, prometheusAt } from '@kubewise/metrics'
import { silentLog, systemClock } from '@kubewise/service'
import { parse, stringify } from 'yaml'
import type { ApiObject, Scenario, Series } from './form.ts'
import { namespaceOf, RECIPES, type Manifest, type Recipe, type Step } from './record/recipes.ts'
import { difference, eventIn, startRecording, trimmed, type Seen } from './record/recording.ts'

const SECOND = 1000
/** How much of the healthy time before the injection is part of the scenario. */
const BEFORE_SECONDS = 30
const SETTLING_SECONDS = 60
const run = promisify(execFile)
const clock = systemClock
const tell = (say: string): void => void process.stderr.write(`${say}\n`)

const { values, positionals } = parseArgs({
  options: { into: { type: 'string', default: join(import.meta.dirname, 'scenarios') } },
  allowPositionals: true,
})
const chosen = RECIPES.filter(({ id }) => positionals.length === 0 || positionals.includes(String(id)))

/** A registry that has nothing, keeps something private, and limits the rest. */
async function playRegistry() {
  const server = createServer((request, response) => {
    const say = (status: number, code: string, message: string) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ errors: [{ code, message }] }))
    }
    const url = request.url ?? ''
    if (url === '/v2/') return say(200, 'OK', '')
    if (url.includes('/private/')) return say(401, 'UNAUTHORIZED', 'authentication required')
    if (url.includes('/limited/')) return say(429, 'TOOMANYREQUESTS', 'too many requests')
    return say(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  })
  await new Promise<void>((resolve) => server.listen(5000, '127.0.0.1', resolve))
  return server
}

async function kubectl(namespace: string, args: readonly string[], mayFail = false): Promise<void> {
  const given = args.map((arg) => arg.replaceAll('$NS', namespace))
  const ns = given[0] === '-n' ? [] : ['-n', namespace]
  try {
    await run('kubectl', [...ns, ...given])
  } catch (error) {
    if (!mayFail) tell(`kubectl ${given.join(' ')}: ${(error as Error).message}`)
  }
}

async function podsOf(kube: Kube, namespace: string, app: string): Promise<string[]> {
  const { items } = await kube.list<Pod>(RESOURCES.Pod, { namespace, labelSelector: `app=${app}` })
  return items.map(({ metadata }) => metadata?.name ?? '').sort()
}

async function apply(namespace: string, manifests: readonly Manifest[]): Promise<void> {
  const child = run('kubectl', ['-n', namespace, 'apply', '-f', '-'])
  child.child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }))
  await child.catch((error: Error) => tell(`apply in ${namespace}: ${error.message}`))
}

async function outside(variable: string, argument: string): Promise<void> {
  const command = process.env[variable]
  if (!command) return tell(`${variable} is not set: ${argument} is left as it is`)
  await run(command, [argument]).catch((error: Error) => tell(`${variable} ${argument}: ${error.message}`))
}

async function take(kube: Kube, recipe: Recipe, step: Step): Promise<void> {
  const namespace = namespaceOf(recipe)
  if ('apply' in step) return apply(namespace, step.apply)
  if ('freeze' in step) return outside('FREEZE_NODE', step.freeze)
  if ('thaw' in step) return outside('THAW_NODE', step.thaw)
  if ('tag' in step) return outside('TAG_IMAGE', step.tag)
  if ('forget' in step) return outside('FORGET_IMAGE', step.forget)
  const [verb = '', app = '', ...rest] = step.kubectl
  if (verb === 'EACH')
    for (const pod of await podsOf(kube, namespace, app)) await kubectl(namespace, ['exec', pod, '--', ...rest], true)
  else if (verb === 'FIRST') {
    const [first = ''] = await podsOf(kube, namespace, app)
    await kubectl(namespace, [rest[0] ?? '', 'pod', first, ...rest.slice(1)])
  } else await kubectl(namespace, step.kubectl, step.mayFail)
}

/** Requests written as a share of a node's memory, since nodes differ. */
async function sized(kube: Kube, manifests: readonly Manifest[]): Promise<Manifest[]> {
  const node = (await kube.list<Manifest>(RESOURCES.Node)).items[0] as {
    status?: { allocatable?: { memory?: string } }
  }
  const kib = Number.parseInt(node.status?.allocatable?.memory ?? '4000000Ki', 10)
  const text = JSON.stringify(manifests).replaceAll(
    /"memory":"(\d+)%"/g,
    (_, share: string) => `"memory":"${Math.floor((kib * Number(share)) / 100)}Ki"`,
  )
  return JSON.parse(text) as Manifest[]
}

async function runPhase(kube: Kube, recipes: readonly Recipe[]): Promise<Map<number, number>> {
  await Promise.all(
    recipes.flatMap((recipe) =>
      [namespaceOf(recipe), ...(recipe.otherNamespaces ?? [])].map((name) =>
        apply('default', [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name, labels: { 'kubewise.io/managed': 'true', ...recipe.labels } },
          },
        ]),
      ),
    ),
  )
  for (const recipe of recipes) for (const step of recipe.prepare ?? []) await take(kube, recipe, step)
  for (const recipe of recipes) {
    const own = namespaceOf(recipe)
    const manifests = await sized(kube, recipe.before)
    for (const space of new Set(manifests.map(({ metadata }) => metadata?.namespace ?? own)))
      await apply(
        space,
        manifests.filter(({ metadata }) => (metadata?.namespace ?? own) === space),
      )
  }
  tell(`${recipes.length} prepared, settling`)
  await clock.sleep(SETTLING_SECONDS * SECOND)
  const injected = new Map<number, number>()
  await Promise.all(
    recipes.map(async (recipe) => {
      const startMs = clock.now()
      injected.set(recipe.id, startMs)
      for (const step of recipe.inject) {
        await clock.sleep(Math.max(0, startMs + step.at * SECOND - clock.now()))
        await take(kube, recipe, 'apply' in step ? { ...step, apply: await sized(kube, step.apply) } : step)
      }
      await clock.sleep(Math.max(0, startMs + recipe.watchSeconds * SECOND - clock.now()))
      tell(`${recipe.id} ${recipe.name}: seen`)
    }),
  )
  return injected
}

const keyOf = ({ apiVersion, kind, metadata }: ApiObject) =>
  `${apiVersion}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`

function isOf(recipe: Recipe, { object }: Seen): boolean {
  const spaces = new Set([namespaceOf(recipe), ...(recipe.otherNamespaces ?? [])])
  const { namespace, name = '' } = object.metadata ?? {}
  if (name === 'kube-root-ca.crt') return false
  if (object.kind === 'Namespace') return spaces.has(name)
  if (object.kind === 'Node') return true
  if (namespace === undefined) return name.startsWith(namespaceOf(recipe)) || object.kind === 'StorageClass'
  return spaces.has(namespace)
}

async function seriesOf(recipe: Recipe, startMs: number, endMs: number, zeroMs: number): Promise<Series[]> {
  const url = process.env['PROM_URL']
  if (!url || !recipe.metrics) return []
  const prometheus = prometheusAt(url, 10_000)
  const queries = METRICS.filter(({ name }) => recipe.metrics?.includes(name))
  const found = await Promise.all(
    queries.map(async ({ name, query }) => {
      const { series } = await prometheus.queryRange(
        query,
        { startMs, endMs, stepMs: 15 * SECOND },
        new AbortController().signal,
      )
      return series
        .filter(({ labels }) => labels['namespace'] === namespaceOf(recipe))
        .map(({ labels, timeMs, value }) => ({
          metric: name,
          labels: { ...labels },
          from: Math.round((timeMs[0]! - zeroMs) / SECOND),
          every: 15,
          values: value.map((each) => Math.round(each * 100) / 100),
        }))
    }),
  )
  return found.flat()
}

/** Puts what was seen of one failure into the form. */
function scenarioOf(
  recipe: Recipe,
  seen: readonly Seen[],
  zeroMs: number,
  version: string,
): Omit<Scenario, 'expect' | 'title'> {
  const endMs = zeroMs + (BEFORE_SECONDS + recipe.watchSeconds) * SECOND
  const now = new Map<string, ApiObject>()
  const objects: ApiObject[] = []
  const timeline: NonNullable<Scenario['timeline']> = []
  const events: NonNullable<Scenario['events']> = []
  let isBegun = false
  const begin = () => {
    if (!isBegun) objects.push(...now.values())
    isBegun = true
  }
  for (const each of seen.filter((one) => one.atMs <= endMs && isOf(recipe, one))) {
    const { object, atMs, isDeleted } = each
    if (atMs > zeroMs) begin()
    if (object.kind === 'Event') {
      const event = isDeleted || atMs < zeroMs - 60 * SECOND ? undefined : eventIn(object, atMs, zeroMs)
      if (event) events.push(event)
      continue
    }
    const after = trimmed(each, zeroMs, recipe.keepsManagers?.includes(object.kind ?? '') ?? false)
    const key = keyOf(after)
    const before = now.get(key)
    const at = Math.max(0, Math.round((atMs - zeroMs) / 100) / 10)
    if (isDeleted) {
      now.delete(key)
      const { apiVersion, kind, metadata } = after
      if (isBegun)
        timeline.push({
          at,
          delete: [
            {
              apiVersion,
              kind,
              name: metadata.name,
              ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
            },
          ],
        })
      continue
    }
    now.set(key, after)
    const isWatchedNode =
      object.kind !== 'Node' || recipe.nodes === '*' || recipe.nodes?.split(',').includes(after.metadata.name)
    if (!isBegun || !isWatchedNode) continue
    const patch = before ? difference(before, after) : after
    if (patch === undefined) continue
    const { apiVersion, kind, metadata } = after
    const { metadata: changed, ...rest } = patch as Partial<ApiObject>
    timeline.push({
      at,
      apply: [
        {
          ...rest,
          apiVersion,
          kind,
          metadata: {
            ...changed,
            name: metadata.name,
            ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
          },
        },
      ],
    })
  }
  begin()
  const [, minor = '1.34'] = /^v?(\d+\.\d+)/.exec(version) ?? []
  return {
    id: recipe.id,
    source: `recorded, kubernetes ${minor}`,
    until: BEFORE_SECONDS + recipe.watchSeconds,
    objects,
    timeline,
    events,
  }
}

/** Keeps what people wrote in the file: title, expectation, alerts. */
async function written(file: string): Promise<Partial<Scenario>> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const { title, isTrap, alerts, expect } = (parse(text, { merge: true }) ?? {}) as Partial<Scenario>
  return {
    ...(title !== undefined && { title }),
    ...(isTrap !== undefined && { isTrap }),
    ...(alerts !== undefined && { alerts }),
    ...(expect !== undefined && { expect }),
  }
}

const kube = await connectKube({ fieldManager: 'kubewise-record', clock, log: silentLog })
const version = await kube.serverVersion()
const registry = await playRegistry()
const recording = await startRecording(kube, () => clock.now())
await mkdir(values.into, { recursive: true })
for (const phase of [1, 2, 3] as const) {
  const recipes = chosen.filter((recipe) => recipe.phase === phase)
  if (recipes.length === 0) continue
  for (const [id, injectedMs] of await runPhase(kube, recipes)) {
    const recipe = recipes.find((each) => each.id === id)!
    const zeroMs = injectedMs - BEFORE_SECONDS * SECOND
    const file = join(values.into, `${String(id).padStart(2, '0')}-${recipe.name}.yaml`)
    const endMs = injectedMs + recipe.watchSeconds * SECOND
    const series = await seriesOf(recipe, zeroMs - 45 * SECOND, endMs, zeroMs).catch(
      (error: Error) => (tell(error.message), []),
    )
    const { id: number, source, ...rest } = scenarioOf(recipe, recording.seen, zeroMs, version)
    const { title = recipe.name, isTrap, alerts, expect } = await written(file)
    const scenario = {
      id: number,
      title,
      source,
      ...(isTrap !== undefined && { isTrap }),
      ...rest,
      ...(series.length > 0 && {
        series: series.map((each) => ({ ...each, values: (each.values as number[]).join(' ') })),
      }),
      ...(alerts !== undefined && { alerts }),
      ...(expect !== undefined && { expect }),
    }
    await writeFile(file, stringify(scenario, { aliasDuplicateObjects: false, lineWidth: 140 }))
  }
}
await recording.stop()
registry.close()
process.exit(0)
