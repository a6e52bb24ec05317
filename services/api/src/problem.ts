import type { ErrorRequestHandler, Response } from 'express'
import { QueryError, StoreError } from '@kubewise/store'
import { BusError } from '@kubewise/bus'
import { redactText, type Logger } from '@kubewise/service'

/** An answer that is an error, as RFC 9457 problem details: a code for machines, a sentence for people. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  /** Every mistake of the request. */
  readonly mistakes: readonly string[]

  constructor(status: number, code: string, say: string, mistakes: readonly string[] = []) {
    super(say)
    this.status = status
    this.code = code
    this.mistakes = mistakes
  }
}

const NOT_FOUND = 'not-found'
/** The form of our own ids, which say nothing. */
const isOwnId = (id: string) => /^[A-Za-z0-9_-]{22}$/.test(id)

export const notFound = (what: string, id: string) =>
  new Problem(404, NOT_FOUND, `There is no ${what} ${isOwnId(id) ? id : redactText(id)}.`)
export const badRequest = (mistakes: readonly string[]) =>
  new Problem(400, 'invalid-request', 'The request is not valid.', mistakes)

function send(response: Response, { status, code, message, mistakes }: Problem): void {
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `https://kubewise.io/problems/${code}`,
        title: code === NOT_FOUND ? message : redactText(message),
        status,
        code,
        ...(mistakes.length > 0 && { errors: mistakes.map(redactText) }),
      }),
    )
}

/** What a thrown error is to the caller: its own problem, a dependency that is away, or our fault. */
function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (error instanceof QueryError) return new Problem(400, 'invalid-request', error.message)
  if (error instanceof StoreError) return new Problem(503, 'record-unavailable', 'The record cannot be reached.')
  if (error instanceof BusError) return new Problem(503, 'bus-unavailable', 'The bus cannot be reached.')
  const { status, type } = error as { status?: number; type?: string }
  if (status === 413) return new Problem(413, 'too-large', 'The body is too large; 256 KB are taken.')
  if (status === 415)
    return new Problem(415, 'unsupported', 'The body is in an encoding or charset that is not taken; expected UTF-8.')
  if (status === 400 || type === 'entity.parse.failed')
    return new Problem(400, 'malformed', 'The request cannot be read; expected a JSON body and a well-formed path.')
  return undefined
}

/** The last handler: no error leaves as anything but a problem, and none shows its inside. */
export function problems(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const problem = problemOf(error)
    if (!problem) log.error({ err: error }, 'request failed')
    if (response.headersSent) response.destroy()
    else send(response, problem ?? new Problem(500, 'internal', 'KubeWise could not answer; its log says why.'))
  }
}
