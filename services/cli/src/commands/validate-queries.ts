import { metricsInForce, prometheusAt, validateQuery, type QueryVerdict } from '@kubewise/metrics'
import { ConfigError, explain, NO_PROMETHEUS } from '@kubewise/service'
import { Option, type Command } from 'commander'
import type { CommandPorts, ExitCode, Finish, Output } from '../app.ts'
import { readPrometheusConfig, type PrometheusConfig } from '../config.ts'

const EXAMPLES = `
Exit code: 0 every query is taken, 1 one is not or Prometheus cannot be asked, 2 wrong usage.

Examples:
  kubewise validate-queries                         those in force: of PROM_QUERIES, else the built-in ones
  kubewise validate-queries --prometheus http://localhost:9090 --verbose
  kubewise validate-queries 'sum by (namespace, pod) (up)'   one that is not in force (yet)
  kubewise validate-queries -o json                 for machines`

interface Options {
  prometheus?: string
  verbose?: boolean
  output?: string
}

interface Tried {
  name: string
  query: string
  verdict?: QueryVerdict
  /** Why Prometheus could not be asked. */
  trouble?: string
}

const SECOND = 1000

async function tryAll(options: Options, given: string | undefined, config: PrometheusConfig, { progress }: Output) {
  const timeoutMs = config.PROM_TIMEOUT * SECOND
  const prometheus = prometheusAt(options.prometheus?.replace(/\/+$/, '') ?? config.PROM_URL, timeoutMs)
  const queries =
    given === undefined
      ? metricsInForce(config.PROM_QUERIES, config.PROM_QUERIES_POLL_INTERVAL * SECOND)
      : [{ name: 'query', query: given }]
  const tried: Tried[] = []
  for (const { name, query } of queries) {
    progress?.(`${tried.length + 1} of ${queries.length}: ${name}`)
    tried.push({
      name,
      query,
      ...(await tryOne(() => validateQuery(prometheus, query, AbortSignal.timeout(timeoutMs)))),
    })
  }
  progress?.('')
  return tried
}

const tryOne = (validate: () => Promise<QueryVerdict>): Promise<Pick<Tried, 'verdict' | 'trouble'>> =>
  validate().then(
    (verdict) => ({ verdict }),
    (error: unknown) => ({ trouble: explain(error) }),
  )

function tell({ name, query, verdict, trouble }: Tried, isVerbose: boolean, { out, err }: Output): void {
  if (!verdict) return err(`${name}: not tried: ${trouble}\n`)
  if (!verdict.isValid) err(`${name}: ${verdict.mistakes.join('; ')}\n`)
  else out(`${name}: ${verdict.seriesCount} series\n`)
  if (!isVerbose) return
  out(`  ${query}\n`)
  for (const advice of verdict.advice) out(`  note: ${advice}\n`)
  for (const { labels, value } of verdict.samples) out(`  ${JSON.stringify(labels)} ${value}\n`)
}

async function run(given: string | undefined, options: Options, ports: CommandPorts): Promise<ExitCode> {
  let config: PrometheusConfig
  try {
    config = readPrometheusConfig(ports.env())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    ports.err(`${error.message}\n`)
    return 2
  }
  if (config.PROM_URL === NO_PROMETHEUS && options.prometheus === undefined) {
    ports.err('PROM_URL is none: this installation collects no queries. Give --prometheus URL to try them elsewhere.\n')
    return 2
  }
  const tried = await tryAll(options, given, config, ports)
  const isFine = tried.every(({ verdict }) => verdict?.isValid)
  if (options.output === 'json') ports.out(`${JSON.stringify({ ok: isFine, queries: tried })}\n`)
  else for (const one of tried) tell(one, options.verbose ?? given !== undefined, ports)
  return isFine ? 0 : 1
}

/** `kubewise validate-queries`: tries each query as the collector does at its start. */
export function addValidateQueriesCommand(program: Command, ports: CommandPorts, finish: Finish): void {
  program
    .command('validate-queries [query]')
    .description('try the queries that metrics are collected by, or one of your own, on Prometheus')
    .option('--prometheus <url>', 'the Prometheus to ask; PROM_URL unless given')
    .option('-v, --verbose', 'each query with its notes and first series')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json']))
    .addHelpText('after', EXAMPLES)
    .action(async (query: string | undefined, options: Options) => {
      finish(await run(query, options, ports))
    })
}
