/** A Prometheus that answers any query with the same series, made beforehand: a process of its own, so that its work is not measured. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const pods = Number(process.argv[2])
const values = Array.from({ length: 64 }, (_, i) => (20 + 10 * Math.sin(i)).toFixed(6))
let round = 0

const server = createServer((request, response) => {
  request.resume()
  round += 1
  const atSeconds = Date.now() / 1000
  const result = Array.from(
    { length: pods },
    (_, i) =>
      `{"metric":{"namespace":"ns-${i % 50}","pod":"app-${i}"},"value":[${atSeconds},"${values[(i + round) % 64]}"]}`,
  )
  response.setHeader('content-type', 'application/json')
  response.end(`{"status":"success","data":{"resultType":"vector","result":[${result.join(',')}]}}`)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`))
