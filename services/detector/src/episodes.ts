import { anomalyId, keyOf, type AnomalyMessage, type Entity, type Target } from '@kubewise/contracts'
import type { Finding } from './finding.ts'

/** What an episode needs to know of its rule. */
export interface EpisodeRule {
  name: string
  version: number
  forMs: number
  clearMs: number
}

interface Episode {
  entity: Entity
  target: Target
  rule: EpisodeRule
  sinceMs: number
  /** Id of the anomaly, once open. */
  id?: string
  clearSinceMs?: number
  /** When a measurement last said anything of it; of what others say, the end is said too. */
  measuredMs?: number
}

/** When and in which partition something was seen. */
export interface Moment {
  nowMs: number
  seq: number
  partition: number
  epoch: number
}

export type EpisodesState = [entity: string, Episode[]][]

const keyFor = (entity: Entity) => `${keyOf(entity)}|${entity.uid ?? ''}`

/**
 * Turns what rules see, moment by moment, into anomalies with a beginning and an end: one opens when a finding has held for the
 * rule's `forMs`, and ends when none was seen for its `clearMs`. A flicker within these is one episode.
 */
export class Episodes {
  /** By entity, then by the rule's name. */
  readonly #episodes = new Map<string, Map<string, Episode>>()

  /** @returns the message to publish, if this observation opens or ends an anomaly */
  observe(
    entity: Entity,
    target: Target,
    rule: EpisodeRule,
    source: 'state' | 'event' | 'metric',
    finding: Finding | undefined,
    moment: Moment,
  ): AnomalyMessage | undefined {
    const key = keyFor(entity)
    const episode = this.#episodes.get(key)?.get(rule.name)
    if (finding) {
      const current: Episode = episode ?? { entity, target, rule, sinceMs: moment.nowMs }
      if (source === 'metric') current.measuredMs = moment.nowMs
      delete current.clearSinceMs
      if (!episode) this.#add(key, current)
      if (current.id !== undefined || moment.nowMs - current.sinceMs < rule.forMs) return undefined
      current.id = anomalyId(entity, rule, current.sinceMs)
      return opened(current, current.id, source, finding, moment)
    }
    if (!episode) return undefined
    if (source === 'metric') episode.measuredMs = moment.nowMs
    if (episode.id === undefined) {
      this.#remove(key, rule.name)
      return undefined
    }
    episode.clearSinceMs ??= moment.nowMs
    if (moment.nowMs - episode.clearSinceMs < rule.clearMs) return undefined
    this.#remove(key, rule.name)
    return resolved(episode, episode.id, 'It was not seen any more.', moment)
  }

  /** Ends all of an entity's episodes: it is gone. */
  end(entity: Entity, say: string, moment: Moment): AnomalyMessage[] {
    const key = keyFor(entity)
    const episodes = this.#episodes.get(key)?.values() ?? []
    this.#episodes.delete(key)
    return [...episodes].flatMap((episode) =>
      episode.id === undefined ? [] : resolved(episode, episode.id, say, moment),
    )
  }

  /** Ends what was measured and is not any more, for `silentMs`: its series is gone, and nothing else would end it. */
  endUnmeasured(silentMs: number, moment: Moment): AnomalyMessage[] {
    const messages: AnomalyMessage[] = []
    for (const [key, episodes] of this.#episodes)
      for (const episode of episodes.values()) {
        if (episode.measuredMs === undefined || moment.nowMs - episode.measuredMs < silentMs) continue
        this.#remove(key, episode.rule.name)
        if (episode.id !== undefined)
          messages.push(resolved(episode, episode.id, 'It is not measured any more.', moment))
      }
    return messages
  }

  has(entity: Entity): boolean {
    return this.#episodes.has(keyFor(entity))
  }

  state(): EpisodesState {
    return [...this.#episodes].map(([key, episodes]) => [key, [...episodes.values()]])
  }

  restore(state: EpisodesState): void {
    this.#episodes.clear()
    for (const [key, episodes] of state) for (const episode of episodes) this.#add(key, episode)
  }

  #add(key: string, episode: Episode): void {
    const ofEntity = this.#episodes.get(key) ?? new Map<string, Episode>()
    ofEntity.set(episode.rule.name, episode)
    this.#episodes.set(key, ofEntity)
  }

  #remove(key: string, rule: string): void {
    const ofEntity = this.#episodes.get(key)
    ofEntity?.delete(rule)
    if (ofEntity?.size === 0) this.#episodes.delete(key)
  }
}

function opened(
  episode: Episode,
  id: string,
  source: 'state' | 'event' | 'metric',
  finding: Finding,
  moment: Moment,
): AnomalyMessage {
  return {
    kind: 'anomaly',
    id,
    epoch: moment.epoch,
    entity: episode.entity,
    target: episode.target,
    rule: { name: episode.rule.name, version: episode.rule.version },
    source,
    startedMs: episode.sinceMs,
    detectedMs: moment.nowMs,
    severity: finding.severity,
    score: finding.score,
    confidence: finding.confidence,
    say: finding.say,
    ...(finding.metric && { metric: finding.metric }),
    features: finding.features,
    ...(finding.window && { window: finding.window }),
    ...(finding.explanation && { explanation: finding.explanation }),
    partition: moment.partition,
    seq: moment.seq,
  }
}

const resolved = ({ entity, target }: Episode, id: string, say: string, { nowMs, epoch }: Moment): AnomalyMessage => ({
  kind: 'anomaly-resolved',
  id,
  epoch,
  entity,
  target,
  resolvedMs: nowMs,
  say,
})
