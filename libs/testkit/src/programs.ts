import { execFileSync } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { programFolders } from './config.ts'

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Every program of this name, in the order of preference. */
export const findPrograms = (name: string): string[] => {
  const paths = programFolders.map((folder) => join(folder, name)).filter((path) => isExecutable(path))
  return [...new Map(paths.toReversed().map((path) => [realpathSync(path), path])).values()].toReversed()
}

/** What a program prints when started so; undefined when it cannot be. */
export function ask(path: string, ...options: string[]): string | undefined {
  try {
    return execFileSync(path, options, { encoding: 'utf8', timeout: 10_000 })
  } catch {
    return undefined
  }
}
