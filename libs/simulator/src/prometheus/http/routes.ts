import express, { type Express, type Request, type Response } from 'express'
import { PromqlError } from '../promql/error.ts'
import type { Sample, SeriesStore } from '../series/series-store.ts'
import { expose, EXPOSITION_TYPE } from './exposition.ts'
import { answerLabels, answerLabelValues, answerSeries } from './metadata.ts'
import type { Parameters } from './parameters.ts'
import { answerQuery, answerQueryRange } from './queries.ts'

/** The release whose answers are imitated. */
const VERSION = '2.42.0'

const STATUS_OF = { bad_data: 400, execution: 422 } as const

/**
 * The HTTP API of Prometheus, as far as clients that read metrics need it. `/metrics` is another's: what the exporters of the
 * cluster show, all on one page, for a real Prometheus that scrapes it with `honor_labels`.
 *
 * @param now of the simulated clock
 * @param shown by all exporters at this instant
 */
export function createRoutes(store: SeriesStore, now: () => number, shown: () => Iterable<Sample>): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.use(express.text({ type: 'application/x-www-form-urlencoded', limit: '1mb' }))

  const both = (path: string, answer: (parameters: Parameters, request: Request) => object) => {
    const handle = (request: Request, response: Response) =>
      reply(response, () => answer(parametersOf(request), request))
    app.get(path, handle)
    app.post(path, handle)
  }

  both('/api/v1/query', (parameters) => answerQuery(store, parameters, now()))
  both('/api/v1/query_range', (parameters) => answerQueryRange(store, parameters))
  both('/api/v1/series', (parameters) => answerSeries(store, parameters))
  both('/api/v1/labels', (parameters) => answerLabels(store, parameters))
  both('/api/v1/label/:name/values', (parameters, request) =>
    answerLabelValues(store, parameters, String(request.params['name'])),
  )
  both('/api/v1/status/buildinfo', () => ({
    version: VERSION,
    revision: 'simulated',
    branch: '',
    buildUser: '',
    buildDate: '',
    goVersion: '',
  }))

  app.get('/metrics', (_, response) => void response.set('content-type', EXPOSITION_TYPE).send(expose(shown())))
  app.get('/-/ready', (_, response) => void response.type('text').send('Prometheus Server is Ready.\n'))
  app.get('/-/healthy', (_, response) => void response.type('text').send('Prometheus Server is Healthy.\n'))
  app.use((_, response) => void response.status(404).type('text').send('404 page not found\n'))
  return app
}

function parametersOf(request: Request): Parameters {
  const parameters = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
  const search = new URL(request.originalUrl, 'http://localhost').searchParams
  for (const [name, value] of search) parameters.append(name, value)
  return parameters
}

function reply(response: Response, answer: () => object): void {
  try {
    response.json({ status: 'success', data: answer() })
  } catch (error) {
    const [code, errorType] = error instanceof PromqlError ? [STATUS_OF[error.kind], error.kind] : [500, 'internal']
    response.status(code).json({ status: 'error', errorType, error: (error as Error).message })
  }
}
