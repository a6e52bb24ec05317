/** A request that the simulator and a real API server are both asked, and answer alike. */
export interface ConformanceRequest {
  /** What is asked, as a sentence; the title of the test. */
  say: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'WATCH'
  /** `{ns}` is the namespace of the run, other braces hold what earlier answers gave. */
  path: string
  body?: unknown
  contentType?: string
  /** Whom to impersonate. */
  as?: string
  /** Values of the answer that later requests use, by dotted path. */
  save?: Record<string, string>
  /** Wait until this path answers something that `isTrue` accepts: for what controllers do in their own time. */
  after?: { path: string; isTrue: (body: Record<string, unknown>) => boolean }
  /** How many frames of a watch are read. */
  frames?: number
  /** Asked to make later requests possible; the answers are not compared. */
  isSetUp?: boolean
}

export interface ConformanceAnswer {
  status: number
  contentType: string
  /** The parsed body; for a watch the frames; text where it is no JSON. */
  body: unknown
  warnings: string[]
}

type Rest = Omit<ConformanceRequest, 'say' | 'method' | 'path'>

function asking(method: ConformanceRequest['method']) {
  return (say: string, path: string, rest: Rest = {}): ConformanceRequest => ({ say, method, path, ...rest })
}

export const reading = asking('GET')
export const creating = asking('POST')
export const replacing = asking('PUT')
export const patching = asking('PATCH')
export const deleting = asking('DELETE')
export const watching = asking('WATCH')

export const JSON_PATCH = 'application/json-patch+json'
export const MERGE_PATCH = 'application/merge-patch+json'
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
export const APPLY_PATCH = 'application/apply-patch+yaml'
