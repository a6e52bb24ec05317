/**
 * What is learnt from people's words, told one after another: of each hour of the labelled entities' test parts the vector with the
 * greatest score of tier 3 is an alert, the label tells whether it was useful, and every model guesses before it learns. Entities
 * go on side by side, as in one installation. F1 of `useful`, since most words are of the other kind; from the 200th word on, where
 * the logistic model is asked for the first time, and from the 500th, where the forest is.
 */
import { join } from 'node:path'
import { AdaptiveRandomForest, Logistic, precisionOf } from '@kubewise/stats'
import { corpusFolder } from './corpora.ts'
import { entitySets, readEntity, type Entity } from './entity-corpus.ts'
import { run, tier3 } from './entity-scorers.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LOGISTIC_FROM = 200
const FOREST_FROM = 500
const SEEDS = [1, 2, 3, 4, 5]
const FEATURES = 8
const SIGNED = 3

interface Word {
  hour: number
  sample: number[]
  signature: string
  isUseful: boolean
}

/** Guesses whether an alert is useful, then learns whether it was. */
interface Learner {
  guess(word: Word): boolean
  learn(word: Word): void
}

function signatures(): Learner {
  const known = new Map<string, { useful: number; noise: number }>()
  const of = (signature: string) => known.get(signature) ?? { useful: 0, noise: 0 }
  return {
    guess: ({ signature }) => precisionOf(of(signature)) >= 0.5,
    learn({ signature, isUseful }) {
      const { useful, noise } = of(signature)
      known.set(signature, { useful: useful + (isUseful ? 1 : 0), noise: noise + (isUseful ? 0 : 1) })
    },
  }
}

function logistic(): Learner {
  const model = new Logistic(FEATURES)
  return {
    guess: ({ sample }) => model.probability(sample) >= 0.5,
    learn: ({ sample, isUseful }) => model.learn(sample, isUseful),
  }
}

function forest(seed: number): Learner {
  const model = new AdaptiveRandomForest(FEATURES, 2, seed)
  return {
    guess: ({ sample }) => model.probabilities(sample)[1]! >= 0.5,
    learn: ({ sample, isUseful }) => model.learn(sample, isUseful ? 1 : 0),
  }
}

const always: Learner = { guess: () => true, learn: () => undefined }

/** F1 of `useful` over the words from each place on. */
function f1(learner: Learner, words: readonly Word[]): { from200: number; from500: number } {
  const guessed = words.map((word) => {
    const isGuessed = learner.guess(word)
    learner.learn(word)
    return { isGuessed, isUseful: word.isUseful }
  })
  const over = (from: number) => {
    const told = guessed.slice(from)
    const hits = told.filter(({ isGuessed, isUseful }) => isGuessed && isUseful).length
    const wrong = told.filter(({ isGuessed, isUseful }) => isGuessed !== isUseful).length
    return hits === 0 ? 0 : (2 * hits) / (2 * hits + wrong)
  }
  return { from200: over(LOGISTIC_FROM), from500: over(FOREST_FROM) }
}

/** One word for each hour of an entity's test part. */
function wordsOf(set: string, entity: Entity): Word[] {
  const { train, stepMs, labels } = entity
  const { detector, learn } = tier3(entity)
  const words: Word[] = []
  let greatest = 0
  run(entity, (values, t) => {
    const answer = learn(values, t)
    const row = t - train.rows
    if (row < 0 || !answer.isWarm) return answer.score
    const hour = Math.floor((row * stepMs) / HOUR_MS)
    const isUseful = labels[row] === 1
    let word = words.at(-1)
    if (word?.hour !== hour) {
      words.push((word = { hour, sample: [], signature: '', isUseful: false }))
      greatest = -1
    }
    word.isUseful ||= isUseful
    if (answer.score <= greatest) return answer.score
    greatest = answer.score
    const { score, structure, surprise, jump } = answer
    const leading = detector.contributions(0)
    const clock = (2 * Math.PI * ((t * stepMs) % DAY_MS)) / DAY_MS
    word.sample = [
      Math.log10(1 + score),
      structure / 3,
      surprise / 3,
      jump / 3,
      Math.sign(leading[0]!.z) * Math.log10(1 + Math.abs(leading[0]!.z)),
      leading[0]!.share,
      Math.sin(clock),
      Math.cos(clock),
    ]
    const signed = leading.slice(0, SIGNED).map(({ metric, z: of }) => `${metric}${of < 0 ? '-' : '+'}`)
    word.signature = [set, ...signed.toSorted()].join(' ')
    return score
  })
  return words
}

/** @param dataFolder the corpora, one folder for each */
export async function feedback(tell: (say: string) => void, dataFolder: string) {
  const sets = entitySets(dataFolder)
  if (sets.length === 0) for (const set of ['smd', 'asd'] as const) corpusFolder(dataFolder, set)
  const words = sets
    .flatMap(({ set, entities }) =>
      entities.flatMap((name) => {
        tell(`${set} ${name}`)
        return wordsOf(set, readEntity(join(dataFolder, set), name))
      }),
    )
    .toSorted((a, b) => a.hour - b.hour)
  const learners = { always: [always], signatures: [signatures()], logistic: [logistic()], forest: SEEDS.map(forest) }
  const f1s = Object.entries(learners).map(([name, each]) => ({
    name,
    runs: each.map((learner) => f1(learner, words)),
  }))
  const meanOf = (from: keyof ReturnType<typeof f1>) =>
    Object.fromEntries(
      f1s.map(({ name, runs }) => [name, rounded(runs.reduce((sum, run) => sum + run[from], 0) / runs.length)]),
    )
  return {
    figures: {
      words: words.length,
      usefulShare: rounded(words.filter(({ isUseful }) => isUseful).length / words.length),
      f1From200: meanOf('from200'),
      f1From500: meanOf('from500'),
    },
    gates: {},
    measured: `An hour's greatest deviation of each entity of ${sets.map(({ set }) => set).join(', ')}, its label told as a person's word; F1 of 'useful', each word guessed before it is learnt`,
  }
}

const rounded = (figure: number): number => Math.round(figure * 1e4) / 1e4
