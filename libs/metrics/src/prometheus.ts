import { fetchJson, HttpError } from '@kubewise/service'
import { decoderOf } from '@kubewise/contracts'
import { Type, type Static } from 'typebox'
import { ANSWER_BOUNDS, readSome, type AnswerBounds } from './bounded-answer.ts'

const Labels = Type.Record(Type.String(), Type.String())
/** The year 5138: whatever is dated later is no date. */
const LATEST_SECONDS = 1e11
const Point = Type.Unsafe<[seconds: number, value: string]>({
  type: 'array',
  prefixItems: [{ type: 'number', minimum: 0, maximum: LATEST_SECONDS }, { type: 'string' }],
  items: false,
  minItems: 2,
  maxItems: 2,
})

/** An answer of the Prometheus HTTP API, as much of it as is used. */
const Answer = Type.Object({
  status: Type.Literal('success'),
  warnings: Type.Optional(Type.Array(Type.String())),
  data: Type.Union([
    Type.Object({
      resultType: Type.Literal('vector'),
      // A native histogram has no value: it is no number.
      result: Type.Array(Type.Object({ metric: Labels, value: Type.Optional(Point) })),
    }),
    Type.Object({
      resultType: Type.Literal('matrix'),
      result: Type.Array(Type.Object({ metric: Labels, values: Type.Optional(Type.Array(Point)) })),
    }),
    Type.Object({ resultType: Type.Literal('scalar'), result: Point }),
  ]),
})
const decodeAnswer = decoderOf(Answer)

export type LabelSet = Static<typeof Labels>

/** A series of an answer. Points whose value is not a finite number are dropped: a gap is not a zero. */
export interface PromSeries {
  labels: LabelSet
  timeMs: number[]
  value: number[]
}

export interface PromAnswer {
  resultType: 'vector' | 'matrix' | 'scalar'
  series: PromSeries[]
  droppedPoints: number
  /** Series that were more than is kept of one answer. */
  leftOutSeries: number
  warnings: readonly string[]
}

export type PrometheusErrorKind = 'malformed' | 'refused' | 'misdated'

/** An answer that Prometheus should never give, or an error it reports of a query. */
export class PrometheusError extends Error {
  readonly kind: PrometheusErrorKind
  constructor(kind: PrometheusErrorKind, message: string) {
    super(message)
    this.name = 'PrometheusError'
    this.kind = kind
  }
}

export interface Prometheus {
  query(expression: string, signal: AbortSignal): Promise<PromAnswer>
  queryRange(
    expression: string,
    range: { startMs: number; endMs: number; stepMs: number },
    signal: AbortSignal,
  ): Promise<PromAnswer>
}

/** @param bounds of an answer: what is beyond is left out, or refuses it */
export function prometheusAt(url: string, timeoutMs: number, bounds: Partial<AnswerBounds> = {}): Prometheus {
  const ask = async (path: string, parameters: Record<string, string>, signal: AbortSignal): Promise<PromAnswer> => {
    let leftOutSeries = 0
    const answer = await fetchJson(`${url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(parameters).toString(),
      timeoutMs,
      async readBody(chunks) {
        const { text, leftOut } = await readSome(chunks, { ...ANSWER_BOUNDS, ...bounds })
        leftOutSeries = leftOut
        return text
      },
      signal,
    }).catch((error: unknown) => {
      throw refusedBy(error) ?? error
    })
    return { ...readAnswer(answer), leftOutSeries }
  }
  const seconds = (ms: number) => String(ms / 1000)
  return {
    query: (query, signal) => ask('query', { query }, signal),
    queryRange: (query, { startMs, endMs, stepMs }, signal) =>
      ask('query_range', { query, start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) }, signal),
  }
}

/** Prometheus explains a bad query with 400 or 422 and a JSON body. */
function refusedBy(error: unknown): PrometheusError | undefined {
  if (!(error instanceof HttpError) || (error.status !== 400 && error.status !== 422)) return undefined
  return new PrometheusError('refused', `Prometheus refuses the query: ${explanationIn(error.body) ?? error.message}`)
}

const LONGEST_EXPLANATION = 300

function explanationIn(body: string | undefined): string | undefined {
  try {
    const { error } = JSON.parse(body ?? '') as { error?: unknown }
    return typeof error === 'string' ? error.slice(0, LONGEST_EXPLANATION) : undefined
  } catch {
    return undefined
  }
}

/** Checks an answer and puts it into columns. @throws PrometheusError malformed, with every mistake */
export function readAnswer(answer: unknown): PromAnswer {
  const decoded = decodeAnswer(answer)
  if (!decoded.ok)
    throw new PrometheusError(
      'malformed',
      `Prometheus answered something else: ${decoded.errors.slice(0, 5).join('; ')}`,
    )
  const { data, warnings = [] } = decoded.value
  const rows =
    data.resultType === 'vector'
      ? data.result.map(({ metric, value }) => ({ metric, values: value && [value] }))
      : data.resultType === 'matrix'
        ? data.result
        : [{ metric: {}, values: [data.result] }]
  let droppedPoints = 0
  const series = rows.map(({ metric, values }) => {
    if (!values) droppedPoints += 1
    const one: PromSeries = { labels: metric, timeMs: [], value: [] }
    for (const [atSeconds, text] of values ?? []) {
      const value = Number(text)
      if (text.trim() === '' || !Number.isFinite(value)) droppedPoints += 1
      else {
        one.timeMs.push(Math.round(atSeconds * 1000))
        one.value.push(value)
      }
    }
    return one
  })
  return { resultType: data.resultType, series, droppedPoints, leftOutSeries: 0, warnings }
}
