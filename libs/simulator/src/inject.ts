/**
 * Breaks something in the simulator that runs on this machine; in compose, in this container. Exit 0 done, 1 failed, 2 wrong usage.
 * Usage: inject.ts [--port N] [FAULT [KIND/NAME [NAMESPACE]]]; without a fault, lists them.
 */
import { parseArgs } from 'node:util'
import { CONTROL_PORT } from './config.ts'
import type { Fault } from './port.ts'
import type { FaultKind } from './world/faults/catalogue.ts'

type Answer = { error: string } | { fault: Fault } | { faults: readonly FaultKind[] }

const FAILED = 1
const WRONG_USAGE = 2

function end(code: number, say: string): never {
  process.stderr.write(`inject: ${say}\n`)
  process.exit(code)
}

async function ask(url: string, [name, target, namespace]: readonly string[]): Promise<Response> {
  const order = name === undefined ? {} : { method: 'POST', body: JSON.stringify({ name, target, namespace }) }
  return fetch(url, order).catch(() => end(FAILED, `no simulator answers at ${url}; --port names its CONTROL_PORT`))
}

function say(answer: Exclude<Answer, { error: string }>): string {
  if ('fault' in answer) return `${answer.fault.name} in ${answer.fault.namespace}/${answer.fault.target}\n`
  const line = ({ name, defaultTarget, description }: FaultKind) =>
    `${name.padEnd(16)} ${defaultTarget.padEnd(19)} ${description}\n`
  return answer.faults.map(line).join('')
}

const { values, positionals } = parseArgs({
  options: { port: { type: 'string', default: String(CONTROL_PORT) } },
  allowPositionals: true,
})
const response = await ask(`http://127.0.0.1:${values.port}/faults`, positionals)
const answer = (await response.json()) as Answer
if ('error' in answer) end(response.status === 400 ? WRONG_USAGE : FAILED, answer.error)
process.stdout.write(say(answer))
