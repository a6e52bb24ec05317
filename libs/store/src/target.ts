/** Where the record is. */
export type StoreTarget =
  | { kind: 'sqlite'; file: string }
  | { kind: 'mongo'; uri: string; database: string; maxPoolSize?: number; minPoolSize?: number }

const SCHEME = 'sqlite:'

/**
 * Reads a target from a setting.
 *
 * @param text `sqlite:FILE`, a path that may be relative
 * @throws RangeError if it is something else
 */
export function parseStoreTarget(text: string): StoreTarget {
  const file = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : ''
  if (file === '' || file.startsWith(':') || file.includes('\0'))
    throw new RangeError(`store: expected sqlite:FILE, got ${JSON.stringify(hideCredentials(text))}`)
  return { kind: 'sqlite', file }
}

/** An address without the password in it. */
export const hideCredentials = (text: string): string => text.replace(/\/\/.*@/s, '//…@')
