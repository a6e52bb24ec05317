import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text as readText } from 'node:stream/consumers'

/** One write that reached the API server. */
export interface Write {
  atMs: number
  user: string
  verb: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
  status: number
  isDryRun: boolean
  body: unknown
}

interface Line {
  requestReceivedTimestamp: string
  verb: string
  user: { username: string }
  requestURI: string
  objectRef?: { resource: string; subresource?: string; namespace?: string; name?: string }
  responseStatus?: { code?: number }
  requestObject?: unknown
}

/** The API server's audit log, beside the kubeconfig or where AUDIT_LOG says; undefined where there is none. */
export function findAuditLog(kubeconfig: string): string | undefined {
  const file = process.env['AUDIT_LOG'] ?? join(dirname(kubeconfig), 'log', 'audit.jsonl')
  return existsSync(file) ? file : undefined
}

/** What one user has tried to write since a moment, as a place in the log; reviews of access change nothing and are left out. */
export async function writesOf(file: string, user: string, from = 0): Promise<Write[]> {
  // It grows by megabytes a minute: what is older is not read.
  const text = await readText(createReadStream(file, { start: from }))
  return text
    .split('\n')
    .filter((line) => line.includes(user))
    .map((line) => JSON.parse(line) as Line)
    .filter(
      (line) =>
        line.user.username === user && line.objectRef !== undefined && !line.objectRef.resource.endsWith('reviews'),
    )
    .map(({ requestReceivedTimestamp, verb, objectRef, responseStatus, requestURI, requestObject }) => ({
      atMs: Date.parse(requestReceivedTimestamp),
      user,
      verb,
      ...objectRef!,
      status: responseStatus?.code ?? 0,
      isDryRun: requestURI.includes('dryRun='),
      body: requestObject,
    }))
}

/** The end of the log: what is written later comes after it. */
export const endOf = async (file: string): Promise<number> => (await stat(file)).size

/** `patch deployments`, `create pods/eviction 429`; the status only of those that failed. */
export const sayWrite = ({ verb, resource, subresource, status }: Write): string =>
  `${verb} ${resource}${subresource ? `/${subresource}` : ''}${status < 300 ? '' : ` ${status}`}`
