import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadPlaybook, type LoadedPlaybook } from './load-playbook.ts'
import { toldMistake } from './position.ts'

/** Every playbook there is, in the order in which they are asked, and what could not be loaded. */
export interface Library {
  playbooks: readonly LoadedPlaybook[]
  /** A paragraph each: file, line, column, what, and the line with a caret. */
  mistakes: readonly string[]
}

const BUILT_IN = join(import.meta.dirname, '..', '..', 'playbooks')

const byOrder = (a: LoadedPlaybook, b: LoadedPlaybook) => a.order - b.order || (a.name < b.name ? -1 : 1)

/** Loads one folder's playbooks, `*.yaml` and `*.yml`; a file with a mistake is left out and told. */
async function loadFolder(folder: string): Promise<Library> {
  const names = (await readdir(folder)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const loaded = names.map((name, index) => loadPlaybook(name, texts[index] ?? ''))
  return {
    playbooks: loaded.flatMap((each) => ('playbook' in each ? each.playbook : [])),
    mistakes: loaded.flatMap((each) => ('mistakes' in each ? each.mistakes.map(toldMistake) : [])),
  }
}

async function loadUsersFolder(folder: string | undefined): Promise<Library> {
  if (folder === undefined) return { playbooks: [], mistakes: [] }
  try {
    return await loadFolder(folder)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return {
      playbooks: [],
      mistakes: [`KUBEWISE_PLAYBOOKS: expected a folder that can be read, got "${folder}": ${why}`],
    }
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
export async function loadLibrary(folder?: string): Promise<Library> {
  const [builtIn, users] = await Promise.all([loadFolder(BUILT_IN), loadUsersFolder(folder)])
  if (builtIn.mistakes.length > 0) throw new Error(`a built-in playbook is wrong:\n${builtIn.mistakes.join('\n')}`)
  const all = new Map<string, LoadedPlaybook>()
  for (const playbook of [...users.playbooks, ...builtIn.playbooks])
    if (!all.has(playbook.name)) all.set(playbook.name, playbook)
  return { playbooks: [...all.values()].sort(byOrder), mistakes: [...users.mistakes, ...duplicates(users.playbooks)] }
}
