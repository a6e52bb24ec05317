/** One finding of a Status, as the API server's `details.causes` has it. */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** The body of every failed answer of a Kubernetes API server. */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, never>
  status: 'Failure' | 'Success'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

/** A failure that the API server tells its client: an HTTP status with a Status object. */
export class ApiStatus extends Error {
  readonly code: number
  readonly reason: string | undefined
  readonly details: StatusDetails | undefined

  constructor(code: number, reason: string | undefined, message: string, details?: StatusDetails) {
    super(message)
    this.name = 'ApiStatus'
    this.code = code
    this.reason = reason
    this.details = details
  }

  /** As it goes over the wire. */
  body(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

/** What a Status says about its object: the plural, and the group where it is not the core group. */
export interface Subject {
  group: string
  plural: string
}

/** `deployments.apps`, or `pods` for the core group. */
export function qualifiedName(subject: Subject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`
}

function detailsOf(subject: Subject, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.plural,
  }
}

export function notFound(subject: Subject, name: string): ApiStatus {
  return new ApiStatus(404, 'NotFound', `${qualifiedName(subject)} "${name}" not found`, detailsOf(subject, name))
}

export function alreadyExists(subject: Subject, name: string): ApiStatus {
  const say = `${qualifiedName(subject)} "${name}" already exists`
  return new ApiStatus(409, 'AlreadyExists', say, detailsOf(subject, name))
}

export function conflict(subject: Subject, name: string, why: string): ApiStatus {
  const say = `Operation cannot be fulfilled on ${qualifiedName(subject)} "${name}": ${why}`
  return new ApiStatus(409, 'Conflict', say, detailsOf(subject, name))
}

/** The conflict of an update that read an older version than it writes over. */
export function staleWrite(subject: Subject, name: string): ApiStatus {
  return conflict(
    subject,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )
}

export function badRequest(message: string): ApiStatus {
  return new ApiStatus(400, 'BadRequest', message)
}

export function forbidden(subject: Subject, name: string, why: string): ApiStatus {
  const what = name === '' ? qualifiedName(subject) : `${qualifiedName(subject)} "${name}"`
  return new ApiStatus(403, 'Forbidden', `${what} is forbidden: ${why}`, detailsOf(subject, name))
}

export function internalError(message: string): ApiStatus {
  return new ApiStatus(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
}
