import type { EpisodeRule } from '../episodes.ts'

/** One rule for each metric, so that two metrics of one pod are two episodes. */
export function ruleOfMetric(rule: EpisodeRule): (metric: string) => EpisodeRule {
  const rules = new Map<string, EpisodeRule>()
  return (metric) => {
    let own = rules.get(metric)
    if (!own) rules.set(metric, (own = { ...rule, name: `${rule.name}:${metric}` }))
    return own
  }
}
