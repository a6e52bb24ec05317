import type { Explanation, Severity } from '@kubewise/contracts'

/** What a rule sees wrong with an entity at this moment. */
export interface Finding {
  severity: Severity
  /** One sentence for a person; names and reasons only, no free text from the cluster. */
  say: string
  features: Record<string, number | string | boolean>
  score: number
  confidence: number
  metric?: { name: string; value: number; expected: number; low: number; high: number; intervalMs: number }
  explanation?: Explanation
  window?: { timeMs: number[]; value: number[] }
}

/** A fact, not a guess: what an object's own status says. */
export function fact(severity: Severity, say: string, features: Finding['features'] = {}): Finding {
  return { severity, say, features, score: 12, confidence: 1 }
}
