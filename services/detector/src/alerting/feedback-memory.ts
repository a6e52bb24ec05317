import type { Feedback } from '@kubewise/contracts'
import {
  AdaptiveRandomForest,
  Logistic,
  thresholdShift,
  type ForestState,
  type Labels,
  type LogisticState,
} from '@kubewise/stats'
import { SAMPLE_FEATURES } from './sample.ts'

/** Which model of people's words is asked once there are enough of them; before, and with `signatures` always, the counts are. */
export type FeedbackModel = 'signatures' | 'logistic' | 'forest'

/** Words that are remembered one by one, so that a person can change theirs; older ones stay in the counts. */
const MOST_WORDS = 1000
const MOST_SIGNATURES = 500
const LOGISTIC_FROM = 200
const FOREST_FROM = 500
const MOST_DECADES = 1
const SEED = 1
const CLASSES = 2
const USEFUL = 1

type Verdict = Feedback['verdict']

interface Signature extends Labels {
  /** The last anomaly that had it. */
  last?: { anomaly: string; startedMs: number }
}

/** How often a model would have been right on the next word, of which it then learnt. */
interface Prequential {
  hits: number
  misses: number
  falseAlarms: number
}

export interface FeedbackState {
  words: [id: string, { signature: string; verdict: Verdict; anomaly: string }][]
  signatures: [name: string, Signature][]
  logistic: LogisticState
  forest: ForestState | null
  records: { logistic: Prequential; forest: Prequential }
}

/**
 * What people said of alerts, and how far it moves the budget of those like them: never more than a decade either way, and told in
 * every alert that it touches.
 */
export class FeedbackMemory {
  readonly #model: FeedbackModel
  readonly #words = new Map<string, { signature: string; verdict: Verdict; anomaly: string }>()
  readonly #signatures = new Map<string, Signature>()
  readonly #logistic = new Logistic(SAMPLE_FEATURES)
  readonly #forest: AdaptiveRandomForest | undefined
  readonly #records = { logistic: noRecord(), forest: noRecord() }

  constructor(model: FeedbackModel = 'logistic') {
    this.#model = model
    if (model === 'forest') this.#forest = new AdaptiveRandomForest(SAMPLE_FEATURES, CLASSES, SEED)
  }

  /** Learns a person's word; said again it changes nothing, changed it takes the old one back from the counts. */
  learn({ _id, anomaly, signature, sample, verdict }: Feedback): void {
    if (signature === undefined) return
    const before = this.#words.get(_id)
    if (before?.verdict === verdict) return
    if (before) this.#count(before.signature, before.verdict, -1)
    this.#words.delete(_id)
    this.#words.set(_id, { signature, verdict, anomaly })
    if (this.#words.size > MOST_WORDS) this.#words.delete(this.#words.keys().next().value!)
    this.#count(signature, verdict, 1)
    if (before || sample?.length !== SAMPLE_FEATURES || !sample.every(Number.isFinite)) return
    const isUseful = verdict === 'useful'
    keepRecord(this.#records.logistic, this.#logistic.probability(sample) >= 0.5, isUseful)
    this.#logistic.learn(sample, isUseful)
    if (!this.#forest) return
    keepRecord(this.#records.forest, this.#forest.probabilities(sample)[USEFUL]! >= 0.5, isUseful)
    this.#forest.learn(sample, isUseful ? USEFUL : 0)
  }

  /** @returns decades by which the budget of such alerts is less, -1 to 1 */
  decadesFor(signature: string, sample: readonly number[]): number {
    const probability = this.#probability(sample)
    if (probability === undefined) {
      const labels = this.#signatures.get(signature)
      return labels ? thresholdShift(labels) : 0
    }
    return Math.max(-MOST_DECADES, Math.min(MOST_DECADES, -Math.log10(Math.max(1e-3, probability) / 0.5))) + 0
  }

  /** Notes that an alert was given, so that the next one like it can point to it. */
  note(signature: string, anomaly: string, startedMs: number): void {
    const known = this.#signatures.get(signature) ?? { useful: 0, noise: 0 }
    this.#remember(signature, { ...known, last: { anomaly, startedMs } })
  }

  /** The last alert with a signature, and the last word on it. */
  similar(signature: string): { anomaly: string; startedMs: number; verdict?: Verdict } | undefined {
    const last = this.#signatures.get(signature)?.last
    if (!last) return undefined
    const word = [...this.#words.values()].findLast(({ anomaly }) => anomaly === last.anomaly)
    return { ...last, ...(word && { verdict: word.verdict }) }
  }

  state(): FeedbackState {
    return {
      words: [...this.#words],
      signatures: [...this.#signatures],
      logistic: this.#logistic.stateOf(),
      forest: this.#forest?.stateOf() ?? null,
      records: this.#records,
    }
  }

  restore({ words, signatures, logistic, forest, records }: FeedbackState): void {
    this.#words.clear()
    for (const [id, word] of words) this.#words.set(id, word)
    this.#signatures.clear()
    for (const [name, labels] of signatures) this.#signatures.set(name, labels)
    this.#logistic.restore(logistic)
    Object.assign(this.#records.logistic, records.logistic)
    // A forest that was not asked for until now begins anew, and so does what is known of how good it is.
    if (!this.#forest || !forest) return
    this.#forest.restore(forest)
    Object.assign(this.#records.forest, records.forest)
  }

  /** That an alert is useful, by the model in force; undefined where the counts decide. */
  #probability(sample: readonly number[]): number | undefined {
    const { labels } = this.#logistic
    if (this.#model === 'signatures' || labels < LOGISTIC_FROM) return undefined
    const isForestBetter = f1Of(this.#records.forest) > f1Of(this.#records.logistic)
    if (this.#forest && labels >= FOREST_FROM && isForestBetter) return this.#forest.probabilities(sample)[USEFUL]
    return this.#logistic.probability(sample)
  }

  #count(signature: string, verdict: Verdict, by: 1 | -1): void {
    const known = this.#signatures.get(signature) ?? { useful: 0, noise: 0 }
    this.#remember(signature, { ...known, [verdict]: Math.max(0, known[verdict] + by) })
  }

  #remember(name: string, signature: Signature): void {
    this.#signatures.delete(name)
    this.#signatures.set(name, signature)
    if (this.#signatures.size > MOST_SIGNATURES) this.#signatures.delete(this.#signatures.keys().next().value!)
  }
}

const noRecord = (): Prequential => ({ hits: 0, misses: 0, falseAlarms: 0 })

function keepRecord(record: Prequential, guess: boolean, truth: boolean): void {
  if (guess && truth) record.hits += 1
  else if (truth) record.misses += 1
  else if (guess) record.falseAlarms += 1
}

/** Accuracy would praise a model that always says the commoner word. */
const f1Of = ({ hits, misses, falseAlarms }: Prequential) =>
  hits === 0 ? 0 : (2 * hits) / (2 * hits + misses + falseAlarms)
