import { prometheusAt, validateQuery } from '@kubewise/metrics'
import { HttpError, NO_PROMETHEUS } from '@kubewise/service'
import { Type } from 'typebox'
import { badRequest, Problem } from '../problem.ts'
import { changing, type Route } from '../route.ts'

const SECOND = 1000
/** Whoever may look may try a query; its answer is read in the process that serves everybody. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2

const validate = changing({
  method: 'post',
  paths: ['/api/v1/validation/query', '/validation/query'],
  summary: 'Tries a PromQL query as the collector would at its start; collects nothing.',
  role: 'viewer',
  body: Type.Object(
    {
      query: Type.String({ minLength: 1, maxLength: 16_384 }),
      /** The original's; only the configured Prometheus is ever asked. */
      prometheus_url: Type.Optional(Type.String({ maxLength: 2048 })),
    },
    { additionalProperties: false },
  ),
  async answer({ query, prometheus_url: asked }, _who, { clock, config }) {
    const url = config.PROM_URL
    if (asked !== undefined && asked.replace(/\/+$/, '') !== url)
      throw badRequest([`prometheus_url: expected the Prometheus that is configured, or nothing, got '${asked}'`])
    if (url === NO_PROMETHEUS)
      throw new Problem(409, 'no-prometheus', 'This installation measures without Prometheus: no query can be tried.')
    const startedMs = clock.monotonic()
    const prometheus = prometheusAt(url, config.PROM_TIMEOUT * SECOND, { maxBytes: MAX_ANSWER_BYTES })
    const verdict = await validateQuery(prometheus, query, AbortSignal.timeout(config.PROM_TIMEOUT * SECOND)).catch(
      (error: unknown) => {
        throw new Problem(502, 'prometheus-unavailable', `Prometheus cannot be asked: ${reasonOf(error)}.`)
      },
    )
    const { isValid, resultType, seriesCount, samples, mistakes, advice } = verdict
    return {
      valid: isValid,
      result_type: resultType ?? null,
      results_count: seriesCount,
      sample_results: samples.map(({ labels, value }) => ({ metric: labels, value })),
      error: mistakes.length > 0 ? mistakes.join('; ') : null,
      advice,
      execution_time_ms: Math.round(clock.monotonic() - startedMs),
      timestamp: new Date(clock.now()).toISOString(),
    }
  },
})

const reasonOf = (error: unknown) => (error instanceof HttpError ? error.message : 'it does not answer in time')

export const validationRoutes: readonly Route[] = [validate]
