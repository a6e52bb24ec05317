import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  publicFileOf,
  readKeptHeads,
  readPublicKeys,
  verifyAudit,
  type AuditReport,
  type PublicKeys,
} from '@kubewise/audit'
import { decodeAuditHead, type AuditHead } from '@kubewise/contracts'
import {
  auditKeyFile,
  ConfigError,
  explain,
  expandHome,
  recordLocation,
  silentLog,
  systemClock,
} from '@kubewise/service'
import { openStore, parseStoreTarget, StoreError, type StoreTarget } from '@kubewise/store'
import type { Command } from 'commander'
import type { CommandPorts, ExitCode, Finish } from '../app.ts'
import { readConfig, type Config } from '../config.ts'

const EXAMPLES = `
Exit code: 0 whole, 1 not whole or not to be read, 2 wrong usage.

Examples:
  kubewise audit verify                                     the record and keys of this machine's installation
  kubewise audit verify --key audit.pub                     by a public key that was kept somewhere else
  kubewise audit verify --store sqlite:copy.sqlite --json   a copy of the record, for machines
  kubewise audit verify --heads heads.jsonl                 also against heads that were kept somewhere else`

const SHOWN_EVERY = 10_000
const MONGO = /^mongodb(\+srv)?:\/\//

interface Options {
  key: string[]
  store?: string
  heads?: string
  sealed?: boolean
  json?: boolean
}

/** Wrong usage, in one sentence. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

async function textOf(option: string, file: string): Promise<string> {
  try {
    return await readFile(expandHome(file), 'utf8')
  } catch (error) {
    throw new UsageError(`${option} ${file}: ${explain(error)}`, { cause: error })
  }
}

/** The public keys of the files; without any, those that this installation has kept beside its own key. */
async function readKeys(files: readonly string[], config: Config): Promise<PublicKeys> {
  const own = publicFileOf(auditKeyFile(config))
  if (files.length === 0 && !existsSync(own))
    throw new UsageError(`there is no public key at ${own}; give the one that you have kept with --key FILE`)
  const keys = new Map<string, KeyObject>()
  for (const file of files.length > 0 ? files : [own]) {
    const text = await textOf('--key', file)
    try {
      for (const [id, key] of readPublicKeys(text)) keys.set(id, key)
    } catch (error) {
      throw new UsageError(`--key ${file}: ${explain(error)}`, { cause: error })
    }
  }
  return keys
}

/** Heads, one JSON object a line: as they come from the bus, or in log lines under `head`. */
async function readHeads(file: string | undefined): Promise<AuditHead[]> {
  if (file === undefined) return []
  const lines = (await textOf('--heads', file)).split('\n')
  const mistakes: string[] = []
  const heads = lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const found = headIn(line)
    if (typeof found !== 'string') return [found]
    mistakes.push(`line ${index + 1}: ${found}`)
    return []
  })
  if (mistakes.length > 0) throw new UsageError(`--heads ${file}: ${mistakes.slice(0, 5).join('; ')}`)
  return heads
}

/** Those that this installation keeps beside its key: of its own record alone, a copy may be older. */
async function readOwnHeads(config: Config): Promise<AuditHead[]> {
  try {
    return await readKeptHeads(auditKeyFile(config))
  } catch (error) {
    throw new UsageError(explain(error), { cause: error })
  }
}

function headIn(line: string): AuditHead | string {
  try {
    const value = JSON.parse(line) as { head?: unknown } | null
    const decoded = decodeAuditHead(value?.head ?? value)
    return decoded.ok ? decoded.value : decoded.errors.join(', ')
  } catch {
    return 'expected a JSON object'
  }
}

function targetOf({ store }: Options, config: Config): StoreTarget {
  if (store === undefined) return recordLocation(config)
  if (MONGO.test(store)) return { kind: 'mongo', uri: store, database: config.MONGO_DB_NAME }
  try {
    const target = parseStoreTarget(store)
    return target.kind === 'sqlite' ? { ...target, file: expandHome(target.file) } : target
  } catch (error) {
    throw new UsageError(`--${explain(error)}`, { cause: error })
  }
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

function tell({ chains, faults, faultCount }: AuditReport, { out, err }: CommandPorts): void {
  for (const { say } of faults) err(`${say}\n`)
  if (faultCount > faults.length) err(`and ${faultCount - faults.length} more\n`)
  for (const { writer, links, heads, sealedTo, unsealed, unsealedSinceMs } of chains) {
    const sealed = sealedTo === undefined ? 'nothing is sealed' : `sealed up to link ${sealedTo}`
    const since = unsealedSinceMs === undefined ? '' : `, since ${new Date(unsealedSinceMs).toISOString()}`
    const rest = unsealed === 0 ? '' : `, ${unsealed} not yet sealed${since}`
    out(`${writer}: ${plural(links, 'link')}, ${plural(heads, 'head')}, ${sealed}${rest}\n`)
  }
  out(faultCount === 0 ? 'The audit is whole.\n' : `The audit is NOT whole: ${plural(faultCount, 'fault')}.\n`)
}

async function verify(options: Options, ports: CommandPorts): Promise<ExitCode> {
  const config = readConfig(ports.env())
  const target = targetOf(options, config)
  const [keys, given, own] = await Promise.all([
    readKeys(options.key, config),
    readHeads(options.heads),
    options.store === undefined ? readOwnHeads(config) : [],
  ])
  const kept = [...given, ...own]
  if (target.kind === 'sqlite' && !existsSync(target.file)) {
    ports.err(`kubewise: there is no record at ${target.file}\n`)
    return 1
  }
  const store = await openStore(target, { clock: systemClock, log: silentLog })
  let links = 0
  try {
    const report = await verifyAudit(store, {
      keys,
      kept,
      isSealedDemanded: options.sealed ?? false,
      onLink: () => void (++links % SHOWN_EVERY === 0 && ports.progress?.(`${links} links read`)),
    })
    ports.progress?.('')
    if (options.json) {
      const { isWhole, ...rest } = report
      ports.out(`${JSON.stringify({ ok: isWhole, links, ...rest })}\n`)
    } else tell(report, ports)
    return report.isWhole ? 0 : 1
  } finally {
    await store.close()
  }
}

async function explained(run: () => Promise<ExitCode>, { err }: CommandPorts): Promise<ExitCode> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof ConfigError) err(`kubewise: the configuration is wrong:\n  ${error.mistakes.join('\n  ')}\n`)
    else if (error instanceof UsageError || error instanceof StoreError) err(`kubewise: ${error.message}\n`)
    else throw error
    return error instanceof StoreError ? 1 : 2
  }
}

/** `kubewise audit …`: the record of what was done. */
export function addAuditCommands(program: Command, ports: CommandPorts, finish: Finish): void {
  const audit = program.command('audit').description('What was done, and by whom.')
  audit
    .command('verify')
    .description('Walks every audit chain: finds links and signed heads that were removed, edited, moved or added.')
    .option(
      '--key <file>',
      'public keys (PEM) of those who sign; may be given again',
      (file, all: string[]) => [...all, file],
      [],
    )
    .option('--store <record>', 'sqlite:FILE or mongodb://…; otherwise as the services are configured')
    .option('--heads <file>', 'heads that were kept elsewhere, one JSON object a line')
    .option('--sealed', 'after a clean stop: no link may be without a head')
    .option('--json', 'one object on one line, the last')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => finish(await explained(() => verify(options, ports), ports)))
}
