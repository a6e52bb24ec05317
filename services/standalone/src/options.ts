import { parseArgs } from 'node:util'
import { MODES, type Mode } from '@kubewise/contracts'

/** What was asked for on the command line. */
export interface Options {
  /** End when every fault of the tour is settled. */
  isExit: boolean
  isJson: boolean
  /** A context of the kubeconfig: the user's own cluster instead of the simulated one. */
  context?: string
  prometheus?: string
  mode?: Mode
  port?: number
}

/** Wrong usage; the message is one sentence that says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const USAGE = `npm start                              the demo: a simulated cluster breaks, KubeWise repairs it
npm start -- --exit [--json]           the same, ends when every fault is settled
npm start -- --context NAME --prometheus URL [--mode observe|approve|auto] [--port N]
                                       the same on your cluster; observe, the default, only reads`

/** @throws UsageError with every mistake */
export function readOptions(args: readonly string[]): Options {
  const values = parsed(args)
  const mistakes: string[] = []
  const onOwnCluster = values.context !== undefined || values.prometheus !== undefined
  if (values.json && !values.exit) mistakes.push('--json goes with --exit')
  if (onOwnCluster && values.context === undefined) mistakes.push('--prometheus goes with --context NAME')
  if (onOwnCluster && values.exit) mistakes.push('--exit is for the demo, not for your cluster')
  if (values.mode !== undefined && !onOwnCluster) mistakes.push('--mode goes with --context NAME; the demo acts')
  if (values.mode !== undefined && !MODES.includes(values.mode as Mode))
    mistakes.push(`--mode: expected one of ${MODES.join(', ')}, got "${values.mode}"`)
  if (values.prometheus !== undefined && !/^https?:\/\/[^\s/]+/.test(values.prometheus))
    mistakes.push(`--prometheus: expected an address such as http://localhost:9090, got "${values.prometheus}"`)
  if (values.port !== undefined && !/^\d{1,5}$/.test(values.port))
    mistakes.push(`--port: expected a number, got "${values.port}"`)
  if (mistakes.length > 0) throw new UsageError(mistakes.join('; '))
  return {
    isExit: values.exit ?? false,
    isJson: values.json ?? false,
    ...(values.context !== undefined && { context: values.context }),
    ...(values.prometheus !== undefined && { prometheus: values.prometheus.replace(/\/+$/, '') }),
    ...(values.mode !== undefined && { mode: values.mode as Mode }),
    ...(values.port !== undefined && { port: Number(values.port) }),
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: { exit: flag, json: flag, context: text, prometheus: text, mode: text, port: text },
      strict: true,
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'unknown option')
  }
}
