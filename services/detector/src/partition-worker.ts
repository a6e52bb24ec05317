import type { Bus, Consumption } from '@kubewise/bus'
import { COLLECTIONS, decodeSignal, STREAMS, subjects, type AnomalyMessage, type Checkpoint } from '@kubewise/contracts'
import type { Kit } from '@kubewise/service'
import type { Collection, Store } from '@kubewise/store'
import { checkpointId, FORM, pack, unpack } from './checkpoint.ts'
import type { Figures } from './figures.ts'
import type { FeedbackModel } from './alerting/feedback-memory.ts'
import type { LevelModel } from './metrics/level-score.ts'
import { PartitionDetector, type Refused } from './partition-detector.ts'

export interface WorkerPorts extends Pick<Kit, 'clock' | 'log' | 'signal' | 'crashpoint'> {
  bus: Bus
  store: Store
  figures: Figures
}

export interface WorkerOptions {
  cluster: string
  partition: number
  holder: string
  saveIntervalMs: number
  thresholds: Readonly<Record<string, number>>
  feedbackModel: FeedbackModel
  model: LevelModel
}

const MESSAGES_BETWEEN_CHECKPOINTS = 5000

/** Someone with a higher epoch works on the partition. */
export class PartitionLostError extends Error {
  constructor(partition: number) {
    super(`partition ${partition}: another detector has taken it over`)
    this.name = 'PartitionLostError'
  }
}

export interface PartitionWorker {
  /** Whether the last try to save failed. */
  isUnsaved(): boolean
  /** Above 1 while far too many alerts are given in it. */
  guardFactor(): number
  /** Saves, then lets the partition go. */
  stop(): Promise<void>
  /** Rejects when the partition was lost or its work failed; whoever owns it then starts anew from the checkpoint. */
  readonly done: Promise<void>
}

/**
 * Works on one partition: restores the checkpoint, replays the stream from there, publishes what is found, saves. The
 * epoch, one more than the last owner's and set by compare-and-set, fences that owner off.
 */
export async function startPartition(ports: WorkerPorts, options: WorkerOptions): Promise<PartitionWorker> {
  const { bus, store, clock, figures, crashpoint } = ports
  const { cluster, partition, holder } = options
  const checkpoints = store.collection(COLLECTIONS.checkpoints)
  const stream = await bus.streamState(STREAMS.signals.name)
  let checkpoint = await takeOver(checkpoints, options, clock.now())
  const detector = new PartitionDetector(partition, options)
  const state = unpack(checkpoint)
  if (state) detector.restore(state)
  else if (checkpoint.state !== '')
    ports.log.warn({ partition, form: checkpoint.form }, 'checkpoint cannot be read, learning anew')

  const isSameStream = checkpoint.stream === stream.created
  let created = stream.created
  let seq = state && isSameStream ? checkpoint.seq : 0
  let unsaved = 0
  /** Messages since it was last tried to save: a record that is away must not make every message try. */
  let untried = 0
  let isUnsaved = false
  let savedMs = clock.monotonic()

  async function save(): Promise<void> {
    if (unsaved === 0) return
    untried = 0
    const next: Checkpoint = {
      ...checkpoint,
      holder,
      stream: created,
      seq,
      form: FORM,
      ...pack(detector.state()),
      savedMs: clock.now(),
    }
    if ((await checkpoints.replace(next)) === 'conflict') throw new PartitionLostError(partition)
    checkpoint = { ...next, version: next.version + 1 }
    unsaved = 0
    isUnsaved = false
    savedMs = clock.monotonic()
    crashpoint('checkpoint-saved')
  }

  async function publish(message: AnomalyMessage): Promise<void> {
    const id = message.kind === 'anomaly' ? message.id : `${message.id}-resolved`
    crashpoint('before-anomaly')
    await bus.publish(subjects.anomaly(message.target), message, { id })
    crashpoint('after-anomaly')
    figures.found(message)
  }

  const replay: Consumption = bus.replay({
    stream: STREAMS.signals.name,
    filter: subjects.partition(cluster, partition),
    from: seq + 1,
    decode: decodeSignal,
    async handle(delivery) {
      const before = { ...detector.tally.refused }
      for (const message of detector.handle(delivery.body, delivery.seq, checkpoint.epoch)) await publish(message)
      seq = delivery.seq
      unsaved += 1
      untried += 1
      figures.handled(delivery.body, since(before, detector.tally.refused))
      if (untried >= MESSAGES_BETWEEN_CHECKPOINTS || clock.monotonic() - savedMs >= options.saveIntervalMs)
        await trySave()
    },
    onEvent(event) {
      if (event.kind === 'recreated') created = event.created
      else figures.gap(event.gotSeq - event.wantedSeq)
      ports.log.warn(
        { partition, ...event },
        event.kind === 'gap' ? 'signals were lost before they were read' : 'the stream was recreated',
      )
    },
  })

  /** A record that is down costs a longer replay, no finding; being fenced off ends the work. */
  async function trySave(): Promise<void> {
    try {
      await save()
    } catch (error) {
      if (error instanceof PartitionLostError) throw error
      savedMs = clock.monotonic()
      isUnsaved = true
      ports.log.warn({ partition, err: error }, 'checkpoint not saved, keeping the old one')
    }
  }

  return {
    isUnsaved: () => isUnsaved,
    guardFactor: () => detector.guardFactor,
    async stop() {
      await replay.stop()
      await trySave()
    },
    done: replay.done,
  }
}

const since = (before: Refused, now: Refused): Refused => ({
  late: now.late - before.late,
  'beyond-measure': now['beyond-measure'] - before['beyond-measure'],
  ahead: now.ahead - before.ahead,
  flag: now.flag - before.flag,
})

/** Takes the partition with an epoch one higher; retries where another taker was faster. */
async function takeOver(
  checkpoints: Collection<Checkpoint>,
  { cluster, partition, holder }: WorkerOptions,
  nowMs: number,
): Promise<Checkpoint> {
  const _id = checkpointId(cluster, partition)
  for (;;) {
    const current = await checkpoints.get(_id)
    if (current) {
      const next = { ...current, epoch: current.epoch + 1, holder }
      if ((await checkpoints.replace(next)) === 'replaced') return { ...next, version: next.version + 1 }
      continue
    }
    const fresh = {
      _id,
      cluster,
      partition,
      epoch: 1,
      holder,
      stream: '',
      seq: 0,
      form: FORM,
      state: '',
      sha256: '',
      savedMs: nowMs,
    }
    if ((await checkpoints.insert(fresh)) === 'inserted') return { ...fresh, version: 1 }
  }
}
