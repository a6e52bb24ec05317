import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Stands between a client and a MongoDB, and loses answers on request. */
export interface LossyProxy extends AsyncDisposable {
  readonly uri: string
  /**
   * The next `times` commands of this name are carried out by the server, but their answers are lost with the connection.
   * @param meanwhile what happens between the command and the loss of its answer
   */
  loseAnswers(command: string, times: number, meanwhile?: () => Promise<void>): void
  /** How many answers are still to be lost. */
  readonly left: number
}

// A command is the first member of its document, here one with a text as value: the name of the collection.
const startOf = (command: string) => Buffer.concat([Buffer.of(0x02), Buffer.from(`${command}\0`)])

export async function startLossyProxy(port: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  let loss: { start: Buffer; left: number; meanwhile?: (() => Promise<void>) | undefined } | undefined

  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let isLosing = false
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy()).on('close', () => other.destroy())
    }
    client.on('data', (data) => {
      if (loss !== undefined && loss.left > 0 && data.includes(loss.start)) {
        loss.left--
        isLosing = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (isLosing) void Promise.resolve(loss?.meanwhile?.()).then(() => client.destroy())
      else client.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    loseAnswers(command, times, meanwhile) {
      loss = { start: startOf(command), left: times, meanwhile }
    },
    get left() {
      return loss?.left ?? 0
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
