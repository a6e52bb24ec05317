import { BUCKETS } from '@kubewise/contracts'
import { RESOURCES, type ConfigMap } from '@kubewise/kube'
import { known, unknown, type GuardContext, type Known } from '@kubewise/policy'
import { explain } from '@kubewise/service'
import type { Runtime } from '../runtime.ts'

type Channel = GuardContext['kill'][number]
type KillPorts = Pick<Runtime, 'bucket' | 'kube' | 'record' | 'options' | 'readText' | 'clock' | 'auditDoubt'>

const CONFIG_MAP = 'kubewise-kill'
const LONGEST_REASON = 200
/**
 * A switch that is set must hold within a second. What one channel answered is stale when another is waited for any longer, so
 * that one is taken for unreadable then; or all are read anew, as often as this.
 */
const DEADLINE_MS = 800
const MOST_ROUNDS = 3

/** A reason as a person wrote it, one line of it. */
const reasonOf = (text: unknown): string =>
  (typeof text === 'string' ? text : (JSON.stringify(text) ?? ''))
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_REASON)

interface Reading extends Channel {
  isLate: boolean
}

async function asKnown(
  channel: string,
  read: () => Promise<string | undefined>,
  { clock }: KillPorts,
): Promise<Reading> {
  const over = new AbortController()
  const late = clock
    .sleep(DEADLINE_MS, over.signal)
    .then((): Reading => ({ channel, state: unknown(`no answer within ${DEADLINE_MS} ms`), isLate: true }))
  late.catch(() => undefined)
  const state = read().then(known, (error: unknown): Known<undefined> => unknown(explain(error)))
  try {
    return await Promise.race([state.then((value): Reading => ({ channel, state: value, isLate: false })), late])
  } finally {
    over.abort()
  }
}

async function onBus({ bucket }: KillPorts): Promise<string | undefined> {
  const entry = await (await bucket(BUCKETS.control)).get('kill')
  if (!entry) return undefined
  const value = entry.value as { reason?: unknown } | null
  return reasonOf(value?.reason ?? entry.value)
}

async function inRecord({ record }: KillPorts): Promise<string | undefined> {
  const kill = await record.kill.get('kill')
  return kill?.isSet ? `${kill.by}: ${kill.reason}` : undefined
}

async function inFile({ options, readText }: KillPorts): Promise<string | undefined> {
  try {
    return reasonOf(await readText(options.killFile))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function inConfigMap({ kube }: KillPorts, namespace: string): Promise<string | undefined> {
  const found = await kube.get<ConfigMap>(RESOURCES.ConfigMap, { namespace, name: CONFIG_MAP })
  return found && reasonOf(found.data?.['reason'] ?? 'the ConfigMap exists')
}

function readOnce(ports: KillPorts): Promise<Reading[]> {
  const { killNamespace } = ports.options
  return Promise.all([
    asKnown('the bus', () => onBus(ports), ports),
    asKnown('the record', () => inRecord(ports), ports),
    asKnown('the file', () => inFile(ports), ports),
    // A record that is not the one whose head was kept may have forgotten what was done: nothing is done on its account.
    asKnown('the audit', () => ports.auditDoubt(), ports),
    ...(killNamespace === undefined ? [] : [asKnown('the ConfigMap', () => inConfigMap(ports, killNamespace), ports)]),
  ])
}

/**
 * Reads every channel of the kill switch, all at once; what cannot be read is told as that. No answer is older than
 * {@link DEADLINE_MS} when it resolves. Never throws.
 */
export async function readKill(ports: KillPorts): Promise<Channel[]> {
  for (let round = 1; ; round++) {
    const readings = await readOnce(ports)
    if (round === MOST_ROUNDS || !readings.some(({ isLate }) => isLate))
      return readings.map(({ channel, state }) => ({ channel, state }))
  }
}
