import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import type { KubeconfigSource } from './config.ts'
import { cleanText, codeOf, isRecord, KubeError } from './errors.ts'

type Entry = Record<string, unknown>

/** A context with the cluster and user it names, in kubeconfig's own form, every file path absolute. */
export interface SelectedContext {
  context: string
  clusterName: string
  cluster: Entry
  userName: string
  user: Entry
}

interface Kubeconfig {
  currentContext: string
  contexts: Map<string, Entry>
  clusters: Map<string, Entry>
  users: Map<string, Entry>
}

function invalid(message: string, cause?: unknown): KubeError {
  return new KubeError({ kind: 'invalid', reason: 'BadKubeconfig', message, cause })
}

/** The parser's own message quotes the line, which may be a token: only the place is told. */
function parseText(text: string, where: string): Entry {
  let document: unknown
  try {
    document = parse(text, { logLevel: 'error' })
  } catch (error) {
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined
    throw invalid(`${where}: expected YAML${line === undefined ? '' : `, line ${line} is not`}`)
  }
  if (!isRecord(document))
    throw invalid(`${where}: expected a kubeconfig, got ${document === null ? 'nothing' : typeof document}`)
  return document
}

function absolute(folder: string, file: unknown): unknown {
  return typeof file === 'string' && file !== '' ? path.resolve(folder, file) : file
}

function resolvePaths(entry: Entry, keys: readonly string[], folder: string): Entry {
  const resolved = { ...entry }
  for (const key of keys) if (key in resolved) resolved[key] = absolute(folder, resolved[key])
  return resolved
}

/** kubectl looks for a plugin that is named by a relative path beside the kubeconfig, and for a bare name in PATH. */
function resolveExec(user: Entry, folder: string): Entry {
  const exec = user['exec']
  if (!isRecord(exec) || typeof exec['command'] !== 'string' || !exec['command'].includes(path.sep)) return user
  return { ...user, exec: { ...exec, command: path.resolve(folder, exec['command']) } }
}

const CLUSTER_FILES = ['certificate-authority']
const USER_FILES = ['client-certificate', 'client-key', 'tokenFile']

/** Named entries of a list such as `clusters`; what is not of that form is an error, all told at once. */
function entriesOf(document: Entry, list: string, inner: string, errors: string[]): [string, Entry][] {
  const items = document[list] ?? []
  if (!Array.isArray(items)) {
    errors.push(`${list}: expected a list`)
    return []
  }
  return items.flatMap((item: unknown, index): [string, Entry][] => {
    if (!isRecord(item) || typeof item['name'] !== 'string') {
      errors.push(`${list}[${index}].name: expected a name`)
      return []
    }
    const value = item[inner] ?? {}
    if (isRecord(value)) return [[item['name'], value]]
    errors.push(`${list}[${index}].${inner}: expected a mapping`)
    return []
  })
}

function readDocument(document: Entry, folder: string, where: string): Kubeconfig {
  const errors: string[] = []
  const contexts = entriesOf(document, 'contexts', 'context', errors)
  const clusters = entriesOf(document, 'clusters', 'cluster', errors)
  const users = entriesOf(document, 'users', 'user', errors)
  if (errors.length > 0) throw invalid(`${where}: ${errors.join('; ')}`)
  const current = document['current-context']
  return {
    currentContext: typeof current === 'string' ? current : '',
    contexts: new Map(contexts),
    clusters: new Map(clusters.map(([name, entry]) => [name, resolvePaths(entry, CLUSTER_FILES, folder)])),
    users: new Map(users.map(([name, entry]) => [name, resolveExec(resolvePaths(entry, USER_FILES, folder), folder)])),
  }
}

function readFiles(paths: readonly string[], from: string): Kubeconfig {
  const found: Kubeconfig[] = []
  for (const file of paths) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      // One missing file among several is normal (kubectl passes over it); any other failure is not.
      if (codeOf(error) === 'ENOENT' && paths.length > 1) continue
      throw invalid(`kubeconfig ${file} (from ${from}): ${codeOf(error) || 'cannot be read'}`, error)
    }
    found.push(
      readDocument(parseText(text, `kubeconfig ${file}`), path.dirname(path.resolve(file)), `kubeconfig ${file}`),
    )
  }
  if (found.length === 0) throw invalid(`kubeconfig: none of ${paths.join(', ')} (from ${from}) exists`)
  return found.reduce(mergeFirstWins)
}

function mergeFirstWins(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    currentContext: first.currentContext || second.currentContext,
    contexts: new Map([...second.contexts, ...first.contexts]),
    clusters: new Map([...second.clusters, ...first.clusters]),
    users: new Map([...second.users, ...first.users]),
  }
}

function named(names: Iterable<string>): string {
  const list = [...names].map((name) => cleanText(name, 100))
  return list.length === 0 ? 'there are none' : `there are: ${list.slice(0, 20).join(', ')}`
}

function nameIn(context: Entry, key: string): string {
  const name = context[key]
  return typeof name === 'string' ? name : ''
}

function select(config: Kubeconfig, wanted: string | undefined): SelectedContext {
  const name = wanted ?? config.currentContext
  if (name === '')
    throw invalid(`kubeconfig: no context was chosen and current-context is empty; ${named(config.contexts.keys())}`)
  const context = config.contexts.get(name)
  if (context === undefined) {
    throw invalid(`kubeconfig: context "${cleanText(name, 100)}" does not exist; ${named(config.contexts.keys())}`)
  }
  const clusterName = nameIn(context, 'cluster')
  const cluster = config.clusters.get(clusterName)
  if (cluster === undefined)
    throw invalid(`kubeconfig: context "${name}" names the cluster "${clusterName}"; ${named(config.clusters.keys())}`)
  const userName = nameIn(context, 'user')
  const user = userName === '' ? {} : config.users.get(userName)
  if (user === undefined)
    throw invalid(`kubeconfig: context "${name}" names the user "${userName}"; ${named(config.users.keys())}`)
  return { context: name, clusterName, cluster, userName, user }
}

/**
 * Reads, merges and selects.
 *
 * @throws KubeError `invalid`: what is wrong, where, and what there is instead; never a line of the file itself
 */
export function readKubeconfig(
  source: Extract<KubeconfigSource, { kind: 'text' | 'files' }>,
  context: string | undefined,
): SelectedContext {
  const config =
    source.kind === 'files'
      ? readFiles(source.paths, source.from)
      : readDocument(parseText(source.text, 'kubeconfig'), process.cwd(), 'kubeconfig')
  return select(config, context)
}
