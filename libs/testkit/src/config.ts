import { delimiter } from 'node:path'

/** Where Debian puts servers, which a user's search path may lack. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/bin']

/** Where programs that tests launch may lie: the search path first. */
export const programFolders: readonly string[] = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  ...MORE_FOLDERS,
].filter((folder) => folder !== '')
