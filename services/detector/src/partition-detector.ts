import {
  keyOf,
  type AnomalyMessage,
  type Control,
  type Entity,
  type KubernetesEvent,
  type MetricBatch,
  type ObjectState,
  type Signal,
} from '@kubewise/contracts'
import type { FeedbackModel } from './alerting/feedback-memory.ts'
import { Judge, type JudgeState } from './alerting/judge.ts'
import { Episodes, type EpisodesState, type Moment } from './episodes.ts'
import { fact, type Finding } from './finding.ts'
import { emptyMemory, isWaitedOn, type EntityMemory } from './memory.ts'
import type { LevelModel } from './metrics/level-score.ts'
import { MetricWatch, type MetricWatchState, type NotLearnt } from './metrics/metric-watch.ts'
import { SHIPPED_THRESHOLDS, thresholdOf, type Thresholds } from './metrics/thresholds.ts'
import { OutsideAlerts, type OutsideAlertsState } from './outside-alerts.ts'
import { EVENT_RULES, isMet, memoryNameOf, NOTE_MS, SORTED_RULES, sortedRule, UNSORTED } from './rules/event-rules.ts'
import { STATE_RULES } from './rules/rules.ts'

/** State that was not confirmed for this long belongs to an object that is gone; the collector sends all of it anew more often. */
const UNSEEN_MS = 30 * 60_000
/** A series silent for this long is gone, not late. */
const UNMEASURED_MS = 30 * 60_000
/** After so long without any signal nothing is taken for gone until all of it had the time to be told anew. */
const UNHEARD_MS = 10 * 60_000
const KILLS_REMEMBERED = 8
const MOST_JUMP_MS = 3_600_000

export interface DetectorState {
  nowMs: number
  entities: [string, EntityMemory][]
  episodes: EpisodesState
  metrics: MetricWatchState
  judge: JudgeState
  alerts: OutsideAlertsState
  thresholds: Record<string, number>
  /** What the environment said when these were in force. */
  configured: Thresholds
  /** A time far ahead that one signal told, and nobody else yet. */
  aheadMs?: number
  /** When signals came again after a long silence; 0 before any. */
  awakeMs: number
}

/** What became of a signal beside anomalies; counted. */
export interface Tally {
  samples: number
  /** Not learnt, by why. */
  refused: Refused
}

export type Refused = Record<NotLearnt, number>

export interface PartitionSettings {
  /** On the original's scale of 0 to 1, by metric; `default` for the others. */
  thresholds?: Thresholds
  model?: LevelModel
  feedbackModel?: FeedbackModel
}

/**
 * The detector of one partition: a deterministic function of its signals in their order. Same signals, same anomalies with the
 * same ids, whoever handles them and however often: that is what makes replay after a crash harmless. It reads no clock; time
 * is what the signals say it is, and never goes back.
 */
export class PartitionDetector {
  readonly #partition: number
  readonly #configured: Thresholds
  readonly #entities = new Map<string, EntityMemory>()
  readonly #episodes = new Episodes()
  readonly #judge: Judge
  readonly #metrics: MetricWatch
  readonly #alerts = new OutsideAlerts()
  #thresholds: Record<string, number> = { ...SHIPPED_THRESHOLDS }
  #nowMs = 0
  #aheadMs: number | undefined
  #awakeMs = 0
  readonly tally: Tally = { samples: 0, refused: { late: 0, 'beyond-measure': 0, ahead: 0, flag: 0 } }

  constructor(partition: number, { thresholds = {}, model = 'forecast', feedbackModel }: PartitionSettings = {}) {
    this.#partition = partition
    this.#judge = new Judge(feedbackModel)
    this.#metrics = new MetricWatch(this.#judge, model)
    this.#configured = thresholds
    Object.assign(this.#thresholds, thresholds)
  }

  /** Above 1 while far too many alerts are given: what every threshold is multiplied by. */
  get guardFactor(): number {
    return this.#judge.guardFactor
  }

  get seriesCount(): number {
    return this.#metrics.seriesCount
  }

  /** @returns the anomalies that this signal opens and ends, in order */
  handle(signal: Signal, seq: number, epoch: number): AnomalyMessage[] {
    const at = (timeMs: number): Moment => {
      this.#passTo(timeMs)
      return { nowMs: this.#nowMs, seq, partition: this.#partition, epoch }
    }
    switch (signal.kind) {
      case 'metric-batch':
        return this.#onMetrics(signal, at(signal.collectedMs))
      case 'object-state':
        return this.#onState(signal, at(signal.observedMs))
      case 'kubernetes-event':
        return this.#onEvent(signal, at(0))
      case 'control':
        return this.#onControl(signal, at(signal.sentMs))
    }
  }

  /**
   * Time goes on to what a signal says. A jump of more than an hour is believed once a second signal says the like: one sender whose
   * clock is off by a day must not make all that is known look old.
   */
  #passTo(timeMs: number): void {
    const isJump = this.#nowMs > 0 && timeMs - this.#nowMs > MOST_JUMP_MS
    const isConfirmed = this.#aheadMs !== undefined && Math.abs(timeMs - this.#aheadMs) <= MOST_JUMP_MS
    if (isJump && !isConfirmed) {
      this.#aheadMs = timeMs
      return
    }
    if (timeMs > 0) this.#aheadMs = undefined
    if (timeMs - this.#nowMs > UNHEARD_MS) this.#awakeMs = timeMs
    this.#nowMs = Math.max(this.#nowMs, timeMs)
  }

  state(): DetectorState {
    return {
      nowMs: this.#nowMs,
      entities: [...this.#entities],
      episodes: this.#episodes.state(),
      metrics: this.#metrics.state(),
      judge: this.#judge.state(),
      alerts: this.#alerts.state(),
      thresholds: this.#thresholds,
      configured: this.#configured,
      ...(this.#aheadMs !== undefined && { aheadMs: this.#aheadMs }),
      awakeMs: this.#awakeMs,
    }
  }

  restore(state: DetectorState): void {
    this.#nowMs = state.nowMs
    for (const [key, memory] of state.entities) this.#entities.set(key, memory)
    this.#episodes.restore(state.episodes)
    this.#metrics.restore(state.metrics)
    this.#judge.restore(state.judge)
    this.#alerts.restore(state.alerts)
    // The environment's word is newer than the checkpoint's where it is another one than then.
    const isSame = JSON.stringify(state.configured) === JSON.stringify(this.#configured)
    this.#thresholds = { ...state.thresholds, ...(isSame ? {} : this.#configured) }
    this.#aheadMs = state.aheadMs
    this.#awakeMs = state.awakeMs
  }

  #onMetrics(batch: MetricBatch, moment: Moment): AnomalyMessage[] {
    const messages: AnomalyMessage[] = []
    this.tally.samples += batch.of.length
    this.#metrics.observe(
      batch,
      (metric) => thresholdOf(metric, this.#thresholds),
      ({ rule, entity, target, finding }) => {
        const message = this.#episodes.observe(entity, target, rule, 'metric', finding, moment)
        if (!message) return
        this.#judge.note(message)
        messages.push(message)
      },
      (why) => (this.tally.refused[why] += 1),
      moment.nowMs,
    )
    return messages
  }

  #onState(object: ObjectState, moment: Moment): AnomalyMessage[] {
    const key = memoryKey(object.entity)
    if (object.isDeleted) return this.#forget(key, object.entity, moment)
    this.#judge.rollouts.observe(object, moment.nowMs)
    const memory = this.#entities.get(key) ?? emptyMemory(object.entity, object.target, moment.nowMs)
    this.#noteKills(memory, object)
    memory.state = object
    memory.seenMs = moment.nowMs
    const messages = [
      ...this.#look(memory, moment),
      ...this.#sortEvents(memory, moment),
      ...this.#lookAtEvents(memory, moment),
    ]
    this.#keepIfNeeded(key, memory)
    return messages
  }

  #onEvent(event: KubernetesEvent, moment: Moment): AnomalyMessage[] {
    this.#judge.bursts.observe(event, moment.nowMs)
    const key = memoryKey(event.entity)
    const known = this.#entities.get(key)
    const name = memoryNameOf(event, known?.state)
    if (name === undefined) return []
    const memory = known ?? emptyMemory(event.entity, event.target, moment.nowMs)
    const seen = memory.events[name]
    memory.events[name] = {
      count: Math.max(event.count, (seen?.count ?? 0) + (event.count > 1 ? 0 : 1)),
      firstMs: seen?.firstMs ?? moment.nowMs,
      lastMs: moment.nowMs,
    }
    memory.seenMs = moment.nowMs
    this.#entities.set(key, memory)
    return [...this.#look(memory, moment), ...this.#lookAtEvents(memory, moment)]
  }

  #onControl({ change }: Control, moment: Moment): AnomalyMessage[] {
    if (change.type === 'thresholds') this.#thresholds = { ...SHIPPED_THRESHOLDS, ...change.thresholds }
    if (change.type === 'feedback') this.#judge.feedback.learn(change.feedback)
    if (change.type === 'alert') return this.#alerts.observe(change.alert, moment)
    if (change.type !== 'tick') return []
    this.#metrics.forgetStale(moment.nowMs)
    this.#judge.tick(moment.nowMs, this.#metrics.perDay)
    const isAwake = moment.nowMs - this.#awakeMs > UNSEEN_MS
    const messages = [
      ...this.#alerts.tick(moment),
      ...(isAwake ? this.#episodes.endUnmeasured(UNMEASURED_MS, moment) : []),
    ]
    for (const [key, memory] of this.#entities) {
      if (isAwake && moment.nowMs - memory.seenMs > UNSEEN_MS) {
        this.#entities.delete(key)
        // What is measured of it ends by itself, once nothing is.
        messages.push(...this.#episodes.end(memory.entity, 'The object was not heard of any more.', moment))
        continue
      }
      // What was known before a silence is no word on what is now.
      if (memory.seenMs < this.#awakeMs) continue
      messages.push(...this.#look(memory, moment), ...this.#lookAtEvents(memory, moment))
      this.#keepIfNeeded(key, memory)
    }
    return messages
  }

  #look(memory: EntityMemory, moment: Moment): AnomalyMessage[] {
    const { state } = memory
    if (!state) return []
    return STATE_RULES.flatMap((rule) => {
      const finding = rule.look(state, memory, moment.nowMs)
      const { name, version, forMs, clearMs } = rule
      return (
        this.#episodes.observe(
          memory.entity,
          memory.target,
          { name, version, forMs, clearMs },
          'state',
          finding,
          moment,
        ) ?? []
      )
    })
  }

  #lookAtEvents(memory: EntityMemory, moment: Moment): AnomalyMessage[] {
    const messages: AnomalyMessage[] = []
    for (const rule of [...EVENT_RULES, ...SORTED_RULES]) {
      const seen = memory.events[rule.name]
      if (!seen) continue
      const isRecent = moment.nowMs - seen.lastMs < rule.clearMs
      const finding: Finding | undefined =
        isRecent && isMet(rule, seen, memory.state, moment.nowMs)
          ? { ...fact(rule.severity, rule.say, { count: seen.count }), confidence: 0.7, score: 6 }
          : undefined
      const message = this.#episodes.observe(
        memory.entity,
        memory.target,
        { name: rule.name, version: rule.version, forMs: 0, clearMs: 0 },
        'event',
        finding,
        moment,
      )
      if (message) messages.push(message)
      if (!isRecent) delete memory.events[rule.name]
    }
    for (const [name, { lastMs }] of Object.entries(memory.events))
      if (name.startsWith('noted:') && moment.nowMs - lastMs >= NOTE_MS) delete memory.events[name]
    return messages
  }

  /** Events that waited for a state to tell them apart are counted for the rule that it tells. */
  #sortEvents(memory: EntityMemory, moment: Moment): AnomalyMessage[] {
    const unsorted = memory.events[UNSORTED]
    const rule = unsorted && memory.state && sortedRule(memory.state)
    if (!unsorted || !rule) return []
    delete memory.events[UNSORTED]
    const seen = memory.events[rule.name]
    memory.events[rule.name] = { ...unsorted, count: unsorted.count + (seen?.count ?? 0) }
    return this.#lookAtEvents(memory, moment)
  }

  /** Each death for memory is noted once, by its container and time. */
  #noteKills(memory: EntityMemory, { entity, state }: ObjectState): void {
    if (state.type !== 'Pod') return
    for (const container of state.containers) {
      for (const death of [container.lastTerminated, container.terminated]) {
        const finishedMs = death?.finishedMs
        if (death?.reason !== 'OOMKilled' || finishedMs === undefined) continue
        if (memory.kills.some((kill) => kill.container === container.name && kill.finishedMs === finishedMs)) continue
        const ranMs = death.startedMs === undefined ? Number.MAX_SAFE_INTEGER : finishedMs - death.startedMs
        const wasFlat = this.#metrics.wasMemoryFlat(keyOf(entity), finishedMs, ranMs)
        memory.kills = [...memory.kills, { container: container.name, finishedMs, ranMs, wasFlat }].slice(
          -KILLS_REMEMBERED,
        )
      }
    }
  }

  #keepIfNeeded(key: string, memory: EntityMemory): void {
    const isNeeded =
      (memory.state && isWaitedOn(memory.state)) ||
      memory.kills.length > 0 ||
      Object.keys(memory.events).length > 0 ||
      this.#episodes.has(memory.entity)
    if (isNeeded) this.#entities.set(key, memory)
    else this.#entities.delete(key)
  }

  /** An object is gone. */
  #forget(key: string, entity: Entity, moment: Moment): AnomalyMessage[] {
    const say = 'The object is gone.'
    const name = keyOf(entity)
    this.#entities.delete(key)
    const ended = this.#episodes.end(entity, say, moment)
    // One of the same name may have taken its place already; metrics know names only.
    if ([...this.#entities.values()].some((other) => keyOf(other.entity) === name)) return ended
    this.#metrics.forget(entity.kind, name)
    const { uid: _uid, ...withoutUid } = entity
    return [...ended, ...this.#episodes.end(withoutUid, say, moment)]
  }
}

const memoryKey = (entity: Entity) => `${keyOf(entity)}|${entity.uid ?? ''}`
