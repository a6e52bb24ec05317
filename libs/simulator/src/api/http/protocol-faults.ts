import type { ResourceRequest } from './request-info.ts'

/** Which requests a protocol fault is about; what is left out matches all. */
export interface FaultMatch {
  method?: string
  verb?: string
  group?: string
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  path?: RegExp
}

/**
 * How a request goes wrong. `reset`: the connection breaks before anything is done. `answer-lost`: it breaks after the
 * request was carried out. `hang`: no answer ever. `truncate`: half an answer. `silent-watch`: a watch that is accepted
 * and tells nothing. `gone`: the version is too old. `garbage`: 200 and no JSON. `duplicate`: a watch that tells all twice.
 */
export type FaultKind =
  | 'reset'
  | 'answer-lost'
  | 'hang'
  | 'truncate'
  | 'silent-watch'
  | 'gone'
  | 'garbage'
  | 'duplicate'
  | { status: number; retryAfterSeconds?: number; message?: string }
  | { delayMs: number }

export interface ProtocolFault {
  match: FaultMatch
  with: FaultKind
  /** How many requests it hits; without, all of them until it is taken back. */
  times?: number
}

export interface ProtocolFaults {
  /** @returns a function that takes the fault back */
  add(fault: ProtocolFault): () => void
  /** The fault that hits a request, which counts as one of its times. */
  take(method: string, path: string, request: ResourceRequest | undefined): FaultKind | undefined
}

function isHit(
  { path, method, ...rest }: FaultMatch,
  asked: { method: string; path: string; request: ResourceRequest | undefined },
): boolean {
  if (method !== undefined && method !== asked.method) return false
  if (path !== undefined && !path.test(asked.path)) return false
  const fields = Object.entries(rest) as [keyof ResourceRequest, string | undefined][]
  return fields.every(([name, value]) => value === undefined || asked.request?.[name] === value)
}

export function createProtocolFaults(): ProtocolFaults {
  const faults: { fault: ProtocolFault; left: number }[] = []
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      faults.push(entry)
      return () => {
        entry.left = 0
      }
    },
    take(method, path, request) {
      const entry = faults.find(({ fault, left }) => left > 0 && isHit(fault.match, { method, path, request }))
      if (entry === undefined) return undefined
      entry.left -= 1
      return entry.fault.with
    },
  }
}
