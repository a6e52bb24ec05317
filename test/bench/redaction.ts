import { createRedactor } from '@kubewise/service'

const SIZE = 64 * 1024
const ROUNDS = 200
const GATE_MS = 2

/** What a pod's Events, states and errors look like, with a secret here and there. */
const SENTENCES = [
  'Back-off restarting failed container app in pod web-6d4cf56db6-x2x9z_shop(123e4567-e89b-12d3-a456-426614174000)',
  'Failed to pull image "registry.example.com/team/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08": not found',
  'Error creating: pods "web-7c" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=3, limited: pods=3',
  'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found',
  '0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint {dedicated: gpu}',
  'dial tcp: cannot reach postgres://app:hunter2@db.shop.svc:5432/orders: connection refused',
  'Authorization: Bearer 7pXq2LmZ0aVbN8kTc4YwRd was refused',
]

/** How long it takes to redact text, in processor time, so that what else the machine does has no part in it. */
export async function redaction(tell: (say: string) => void) {
  const redact = createRedactor({ salt: 'bench' })
  let text = ''
  for (let index = 0; text.length < SIZE; index++) text += `${SENTENCES[index % SENTENCES.length]}\n`
  text = text.slice(0, SIZE)
  for (let round = 0; round < ROUNDS; round++) redact(text)
  tell(`${ROUNDS} rounds of ${SIZE} bytes`)
  const before = process.cpuUsage()
  for (let round = 0; round < ROUNDS; round++) redact(text)
  const { user, system } = process.cpuUsage(before)
  const msPer64Kb = Number(((user + system) / 1000 / ROUNDS).toFixed(3))
  return {
    figures: { msPer64Kb },
    gates: { msPer64Kb: GATE_MS },
    measured: `Redaction of ${ROUNDS} texts of 64 KB, processor time of each`,
  }
}
