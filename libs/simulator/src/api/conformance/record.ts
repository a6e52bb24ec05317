/*
 * Asks the API server of KUBECONFIG, of version 1.34, all requests of the comparison, and writes down what it answered:
 * what the simulator is held to where there is no cluster.
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { systemClock } from '@kubewise/service'
import { comparable, compared } from './compare.ts'
import { RECORDING, titleOf } from './recording.ts'
import { REQUESTS } from './requests/all.ts'
import { runRequests } from './run.ts'
import { serverOf } from './server.ts'

const file = process.env['KUBECONFIG']
if (file === undefined) throw new Error('record.ts: expected KUBECONFIG, the cluster whose answers are to be recorded')
const namespace = `conformance-${Math.trunc(systemClock.now()).toString(36)}`
const answers = await runRequests(serverOf(readFileSync(file, 'utf8')), REQUESTS, namespace)
const lines = compared(REQUESTS).map(({ request, index }) => {
  const answer = answers[index]
  if (answer === undefined) throw new Error(`record.ts: no answer to ${titleOf(request)}`)
  return JSON.stringify({ request: titleOf(request), ...comparable(request, answer, namespace) })
})
await writeFile(RECORDING, `${lines.join('\n')}\n`)
