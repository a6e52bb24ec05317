import { styleText } from 'node:util'
import type { Bus, Consumption } from '@kubewise/bus'
import {
  decodeAnomalyMessage,
  decodeExecutionNotice,
  decodeIncidentNotice,
  SETTLED,
  STREAMS,
  titleOf,
  type Execution,
  type Incident,
} from '@kubewise/contracts'
import type { Clock } from '@kubewise/service'

type Word = 'broke' | 'seen' | 'decided' | 'did' | 'ended' | 'tour'
const COLOURS = { broke: 'red', seen: 'yellow', decided: 'cyan', did: 'magenta', ended: 'green', tour: 'dim' } as const

/** Where the story is told. */
export interface Stage {
  write(text: string): void
  isTTY?: boolean | undefined
}

/** Tells in a terminal what happens, as it happens: what broke, what was seen, decided and done, how it ended. */
export interface Story {
  tell(word: Word, about: string, say: string): void
  stop(): Promise<void>
}

export function tellStory(bus: Bus, cluster: string, clock: Clock, stage: Stage): Story {
  const startedMs = clock.now()
  const said = new Set<string>()

  function tell(word: Word, about: string, say: string): void {
    const seconds = ((clock.now() - startedMs) / 1000).toFixed(1).padStart(7)
    const shown = stage.isTTY ? styleText(COLOURS[word], word.padEnd(8)) : word.padEnd(8)
    stage.write(`${seconds} s  ${shown} ${printable(`${about}: ${say}`)}\n`)
  }
  /** Repeats of the same are not told. */
  function tellOnce(key: string, word: Word, about: string, say: string): void {
    if (said.has(key)) return
    said.add(key)
    tell(word, about, say)
  }
  function onIncident({ _id, target, decision, status }: Incident): void {
    // What waits is told by what it waits for: an execution that is at work, a rest that will end.
    if (decision && decision.outcome !== 'wait') {
      const outcome = decision.outcome === 'plan' ? '' : `${decision.outcome}: `
      tellOnce(`${_id}/${decision.hash}`, 'decided', titleOf(target), `${outcome}${decision.say}`)
    }
    if (status === 'resolved') tellOnce(`${_id}/resolved`, 'ended', titleOf(target), 'It is well again.')
  }
  function onExecution({ _id, target, steps, status, refusal, verdict, say }: Execution): void {
    for (const step of steps)
      if (step.status !== 'pending' && step.status !== 'intent' && step.status !== 'refused')
        tellOnce(`${_id}/${step.id}`, 'did', titleOf(target), `${step.action} on ${titleOf(step.object)}`)
    if (SETTLED.includes(status))
      tellOnce(`${_id}/${status}`, 'ended', titleOf(target), `${status}: ${refusal?.say ?? verdict?.say ?? say ?? ''}`)
  }

  const from = { from: 'new' } as const
  const replays: Consumption[] = [
    bus.replay({
      ...from,
      stream: STREAMS.anomalies.name,
      filter: `kubewise.v1.${cluster}.anomaly.>`,
      decode: decodeAnomalyMessage,
      handle: ({ body }) => {
        if (body.kind === 'anomaly' && body.severity !== 'info')
          tellOnce(`${body.target.name}/${body.rule.name}/${body.startedMs}`, 'seen', titleOf(body.target), body.say)
      },
    }),
    bus.replay({
      ...from,
      stream: STREAMS.incidents.name,
      filter: `kubewise.v1.${cluster}.incident.>`,
      decode: decodeIncidentNotice,
      handle: ({ body }) => onIncident(body.incident),
    }),
    bus.replay({
      ...from,
      stream: STREAMS.executions.name,
      filter: `kubewise.v1.${cluster}.execution.>`,
      decode: decodeExecutionNotice,
      handle: ({ body }) => onExecution(body.execution),
    }),
  ]
  // A story that breaks off must not end what it tells of.
  for (const replay of replays) replay.done.catch(() => undefined)
  return { tell, stop: async () => void (await Promise.all(replays.map((replay) => replay.stop()))) }
}

/** Names come from the cluster: nothing in them may steer the terminal. */
// oxlint-disable-next-line no-control-regex
const printable = (text: string) => text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '·')
