import { homedir } from 'node:os'
import { join } from 'node:path'

/** `~/x` → the user's own `x`. */
export const expandHome = (path: string): string =>
  path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path

export type RecordLocation =
  | { kind: 'mongo'; uri: string; database: string; maxPoolSize: number; minPoolSize: number }
  | { kind: 'sqlite'; file: string }

/** Which driver keeps the record, and where: a set `MONGO_URI` wins, then `KUBEWISE_STORE`, then a file in `KUBEWISE_HOME`. */
export function recordLocation(config: {
  KUBEWISE_HOME: string
  KUBEWISE_STORE?: string
  MONGO_URI?: string
  MONGO_DB_NAME: string
  MONGO_MAX_POOL_SIZE: number
  MONGO_MIN_POOL_SIZE: number
}): RecordLocation {
  const { MONGO_URI: uri, KUBEWISE_STORE: store, KUBEWISE_HOME: home } = config
  if (uri === undefined)
    return { kind: 'sqlite', file: expandHome(store?.slice('sqlite:'.length) ?? join(home, 'kubewise.sqlite')) }
  const { MONGO_DB_NAME: database, MONGO_MAX_POOL_SIZE: maxPoolSize, MONGO_MIN_POOL_SIZE: minPoolSize } = config
  return { kind: 'mongo', uri, database, maxPoolSize, minPoolSize }
}

/** The private key that signs audit chains: where it is set to be, else in `KUBEWISE_HOME`. */
export const auditKeyFile = (config: { KUBEWISE_HOME: string; KUBEWISE_AUDIT_KEY_FILE?: string }): string =>
  expandHome(config.KUBEWISE_AUDIT_KEY_FILE ?? join(config.KUBEWISE_HOME, 'audit.key'))
