import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadPlaybook, type LoadedPlaybook } from './load-playbook.ts'
import { toldMistake } from './position.ts'

/** A playbook as it was found: how mistakes name its place, and its YAML. */
export interface PlaybookText {
  file: string
  text: string
}

/** Every playbook there is, in the order in which they are asked, and what could not be loaded. */
export interface Library {
  playbooks: readonly LoadedPlaybook[]
  /** A paragraph each: file, line, column, what, and the line with a caret. */
  mistakes: readonly string[]
}

const IS_PLAYBOOK = /^[^.].*\.ya?ml$/

/** Is a file, or a key of a ConfigMap, one that holds a playbook? */
export const isPlaybookName = (name: string): boolean => IS_PLAYBOOK.test(name)

/** The playbooks of a folder, `*.yaml` and `*.yml`, by name. @throws Error where it cannot be read */
export async function readFolder(folder: string): Promise<PlaybookText[]> {
  const names = (await readdir(folder)).filter(isPlaybookName).sort()
  return Promise.all(names.map(async (file) => ({ file, text: await readFile(join(folder, file), 'utf8') })))
}

const byOrder = (a: LoadedPlaybook, b: LoadedPlaybook) => a.order - b.order || (a.name < b.name ? -1 : 1)

/** Loads each; one with a mistake is left out and told. */
function loadAll(texts: readonly PlaybookText[]): Library {
  const loaded = texts.map(({ file, text }) => loadPlaybook(file, text))
  return {
    playbooks: loaded.flatMap((each) => ('playbook' in each ? each.playbook : [])),
    mistakes: loaded.flatMap((each) => ('mistakes' in each ? each.mistakes.map(toldMistake) : [])),
  }
}

function duplicates(playbooks: readonly LoadedPlaybook[]): string[] {
  const names = playbooks.map(({ name }) => name)
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    (name) => `KUBEWISE_PLAYBOOKS: the name '${name}' is used twice; only the first file counts`,
  )
}

/**
 * The built-in playbooks and a user's; a user's takes the place of a built-in one of the same name.
 *
 * @throws Error if a built-in one has a mistake: the installation is broken
 */
export function libraryOf(builtInTexts: readonly PlaybookText[], userTexts: readonly PlaybookText[]): Library {
  const builtIn = loadAll(builtInTexts)
  const users = loadAll(userTexts)
  if (builtIn.mistakes.length > 0) throw new Error(`a built-in playbook is wrong:\n${builtIn.mistakes.join('\n')}`)
  const all = new Map<string, LoadedPlaybook>()
  for (const playbook of [...users.playbooks, ...builtIn.playbooks])
    if (!all.has(playbook.name)) all.set(playbook.name, playbook)
  return { playbooks: [...all.values()].sort(byOrder), mistakes: [...users.mistakes, ...duplicates(users.playbooks)] }
}
