import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectKube } from '@kubewise/kube'
import { createKit, createLogger, scaledClock } from '@kubewise/service'
import { createSimulator, demoManifests } from '@kubewise/simulator'
import { placesIn, startStandalone } from './app.ts'
import { openLogFile } from './log-file.ts'
import { chooseNats, startNats } from './nats-server.ts'
import type { Options } from './options.ts'
import { json, table } from './results.ts'
import { tellStory, type Stage } from './story.ts'
import { createTokens } from './tokens.ts'
import { playTour, untilCalm } from './tour.ts'

/** Simulated seconds in one real second: ten minutes of failures in less than two. */
const CLOCK_FACTOR = 6
const CLUSTER = 'demo'
const REST_MS = 60_000

export interface DemoPorts {
  out: Stage
  err: Stage
  path: string
  signal: AbortSignal
}

/**
 * A cluster that breaks, and KubeWise that repairs it: real services, a real nats-server, a simulated cluster behind the
 * Kubernetes and Prometheus APIs. With `isExit` it ends after one tour.
 *
 * @returns whether every fault ended as it should
 */
export async function runDemo(
  { isExit, isJson, port }: Options,
  { out, err, path, signal }: DemoPorts,
): Promise<boolean> {
  // The result is the last line of stdout; what leads to it then goes to stderr, and only to a terminal.
  const stage: Stage = !isJson ? out : err.isTTY ? err : { write: () => undefined }
  await using held = new AsyncDisposableStack()
  const home = await mkdtemp(join(tmpdir(), 'kubewise-'))
  held.defer(() => rm(home, { recursive: true, force: true }))
  const places = placesIn(home)
  const clock = scaledClock(CLOCK_FACTOR)
  const logFile = held.use(openLogFile(places.log))
  const log = createLogger({ service: 'kubewise', level: 'info', clock, destination: logFile.stream })
  const nats = held.use(await startNats(await chooseNats(path, (say) => err.write(`${say}\n`)), places.nats))
  const simulator = await createSimulator({ clock, log: log.child({ service: 'simulator' }) })
  held.defer(() => simulator.stop())
  simulator.apply(demoManifests())

  const kit = createKit({ name: 'kubewise', clock, log, signal })
  const kube = await connectKube({
    kubeconfig: simulator.kubeconfig(),
    fieldManager: 'kubewise',
    clock,
    log,
    metrics: kit.metrics,
  })
  const kubewise = await startStandalone({
    kit,
    kube,
    env: {
      NATS_URL: nats.url,
      PROM_URL: simulator.prometheusUrl,
      KUBEWISE_MODE: 'auto',
      KUBEWISE_CLUSTER: CLUSTER,
      KUBEWISE_HOME: home,
      KUBEWISE_STORE: `sqlite:${places.record}`,
      KUBEWISE_API_TOKEN_FILE: await createTokens(places.tokens),
      PORT: String(port ?? 8000),
    },
  })
  held.defer(() => kubewise.stop())
  const story = tellStory(kubewise.bus, CLUSTER, clock, stage)
  held.defer(() => story.stop())

  stage.write(
    `KubeWise watches a simulated cluster whose clock runs ${CLOCK_FACTOR} times faster. API: ${kubewise.apiUrl}\n`,
  )
  // They go with the demo: of use only while it runs on.
  if (!isExit) stage.write(`token: ${places.tokens}  log: ${places.log}\n`)
  const tour = { simulator, store: kubewise.store, story, clock, signal }
  await untilCalm(tour)
  for (;;) {
    const results = await playTour(tour)
    stage.write(`\n${table(results, stage)}\n`)
    if (isExit) {
      if (isJson) out.write(`${json(results)}\n`)
      return results.every(({ ok }) => ok)
    }
    story.tell('tour', 'demo', 'The tour begins anew in a minute; Ctrl-C ends it.')
    await clock.sleep(REST_MS, signal)
  }
}
