import { once } from 'node:events'
import { createConnection } from 'node:net'

/** Publishes bytes as they are, past every check of ours: what a broken or hostile client of the bus would send. */
export async function publishRaw(
  port: number,
  messages: readonly { subject: string; body: Uint8Array }[],
): Promise<void> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  await once(socket, 'data')
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n')
  for (const { subject, body } of messages) {
    socket.write(`PUB ${subject} ${body.length}\r\n`)
    socket.write(body)
    socket.write('\r\n')
  }
  socket.write('PING\r\n')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  while (!answer.includes('PONG')) await once(socket, 'data')
  socket.end()
}
