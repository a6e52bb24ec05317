import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where programs that tests launch may lie: the search path, then `KW_BIN`, then where the cluster scripts build them. */
export const programFolders: readonly string[] = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  process.env['KW_BIN'] ?? '',
  join(homedir(), '.cache', 'kubewise-cluster', 'bin'),
].filter((folder) => folder !== '')
