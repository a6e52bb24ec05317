import { BUCKETS } from '@kubewise/contracts'
import { RESOURCES, type ConfigMap } from '@kubewise/kube'
import { known, unknown, type GuardContext, type Known } from '@kubewise/policy'
import { explain } from '@kubewise/service'
import type { Runtime } from '../runtime.ts'

type Channel = GuardContext['kill'][number]
type KillPorts = Pick<Runtime, 'bucket' | 'kube' | 'record' | 'options' | 'readText'>

const CONFIG_MAP = 'kubewise-kill'
const LONGEST_REASON = 200

/** A reason as a person wrote it, one line of it. */
const reasonOf = (text: unknown): string =>
  (typeof text === 'string' ? text : (JSON.stringify(text) ?? ''))
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_REASON)

async function asKnown(channel: string, read: () => Promise<string | undefined>): Promise<Channel> {
  const state = await read().then(known, (error: unknown): Known<undefined> => unknown(explain(error)))
  return { channel, state }
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

/** Reads every channel of the kill switch, all at once; what cannot be read is told as that. Never throws. */
export function readKill(ports: KillPorts): Promise<Channel[]> {
  const { killNamespace } = ports.options
  return Promise.all([
    asKnown('the bus', () => onBus(ports)),
    asKnown('the record', () => inRecord(ports)),
    asKnown('the file', () => inFile(ports)),
    ...(killNamespace === undefined ? [] : [asKnown('the ConfigMap', () => inConfigMap(ports, killNamespace))]),
  ])
}
