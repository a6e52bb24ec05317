/**
 * A Prometheus that answers any query with the same series, made beforehand: a process of its own, so that its work is not
 * measured. `main PODS`; it holds a day of history. `count(…)` answers with how many there are, `served` with the number of points of
 * history that it has given.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const DAY_SECONDS = 86_400
const pods = Number(process.argv[2])
const bornSeconds = Date.now() / 1000
const values = Array.from({ length: 64 }, (_, i) => (20 + 10 * Math.sin(i)).toFixed(6))
let round = 0
let served = 0

const all = Array.from({ length: pods }, (_, i) => i)
const metricOf = (i: number) => `"metric":{"namespace":"ns-${i % 50}","pod":"app-${i}"}`
const answer = (resultType: string, result: string) =>
  `{"status":"success","data":{"resultType":"${resultType}","result":[${result}]}}`

function now(query: string): string {
  const at = Date.now() / 1000
  round += 1
  if (query.startsWith('count(')) return answer('vector', `{"metric":{},"value":[${at},"${pods}"]}`)
  return answer('vector', all.map((i) => `{${metricOf(i)},"value":[${at},"${values[(i + round) % 64]}"]}`).join(','))
}

/** Point for point; a series is written at once, so that a large answer is never one text. */
function history(query: string, parameters: URLSearchParams, response: ServerResponse): void {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(parameters.get(name))) as [
    number,
    number,
    number,
  ]
  const isCount = query.startsWith('count(')
  const times: number[] = []
  for (let at = start; at <= end; at += step) if (at >= bornSeconds - DAY_SECONDS) times.push(at)
  const series = isCount ? [0] : all
  if (!isCount) served += series.length * times.length
  response.write('{"status":"success","data":{"resultType":"matrix","result":[')
  for (const [place, i] of series.entries()) {
    const points = times.map((at, n) => `[${at},"${values[(i + n) % 64]}"]`).join(',')
    response.write(`${place === 0 ? '' : ','}{${isCount ? '"metric":{}' : metricOf(i)},"values":[${points}]}`)
  }
  response.end(']}}')
}

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const parameters = new URLSearchParams(body)
    const query = parameters.get('query') ?? ''
    response.setHeader('content-type', 'application/json')
    if (request.url === '/served') response.end(String(served))
    else if (request.url?.endsWith('/query_range')) history(query, parameters, response)
    else response.end(now(query))
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`))
