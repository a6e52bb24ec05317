import { stat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadPlaybook, readFolder, toldMistake, type Loaded, type PlaybookText } from '@kubewise/playbooks'
import { Option, type Command } from 'commander'
import type { Finish, Output } from '../app.ts'

const EXAMPLES = `
Examples:
  kubewise playbook check rollback.yaml        what is wrong with it, by line and column
  kubewise playbook check playbooks/ -o json   all of a folder, for machines`

interface Checked {
  file: string
  loaded: Loaded | { unreadable: string }
}

/** The file, or all playbooks of the folder. */
async function textsOf(place: string): Promise<(PlaybookText | Checked)[]> {
  try {
    if (!(await stat(place)).isDirectory()) return [{ file: place, text: await readFile(place, 'utf8') }]
    return (await readFolder(place)).map(({ file, text }) => ({ file: join(place, file), text }))
  } catch (error) {
    return [{ file: place, loaded: { unreadable: error instanceof Error ? error.message : String(error) } }]
  }
}

const checked = (one: PlaybookText | Checked): Checked =>
  'text' in one ? { file: one.file, loaded: loadPlaybook(one.file, one.text) } : one

/** A name counts once: of two files with the same, one would never be asked. */
function repeated(all: readonly Checked[]): Map<string, string> {
  const first = new Map<string, string>()
  const again = new Map<string, string>()
  for (const { file, loaded } of all) {
    if (!('playbook' in loaded)) continue
    const { name } = loaded.playbook
    const before = first.get(name)
    if (before === undefined) first.set(name, file)
    else again.set(file, `the name '${name}' is that of ${before} already`)
  }
  return again
}

/** One object for each file; the keys are fixed, scripts depend on them. */
function asJson(all: readonly Checked[], again: ReadonlyMap<string, string>) {
  return all.map(({ file, loaded }) => {
    if ('unreadable' in loaded) return { file, ok: false, mistakes: [{ say: loaded.unreadable }] }
    if ('mistakes' in loaded)
      return { file, ok: false, mistakes: loaded.mistakes.map(({ line, column, say }) => ({ line, column, say })) }
    const say = again.get(file)
    return { file, name: loaded.playbook.name, ok: say === undefined, mistakes: say === undefined ? [] : [{ say }] }
  })
}

function tell({ file, loaded }: Checked, again: string | undefined, { out, err }: Output): void {
  if ('unreadable' in loaded) err(`${file}: ${loaded.unreadable}\n`)
  else if ('mistakes' in loaded) for (const mistake of loaded.mistakes) err(`${toldMistake(mistake)}\n`)
  else if (again !== undefined) err(`${file}: ${again}\n`)
  else out(`playbook/${loaded.playbook.name} is right (${file})\n`)
}

async function check(places: readonly string[], format: string | undefined, output: Output): Promise<boolean> {
  const all = (await Promise.all(places.map(textsOf))).flat().map(checked)
  if (all.length === 0) output.err(`No playbooks found in ${places.join(', ')}.\n`)
  const again = repeated(all)
  const results = asJson(all, again)
  if (format === 'json') output.out(`${JSON.stringify({ files: results })}\n`)
  else for (const one of all) tell(one, again.get(one.file), output)
  return all.length > 0 && results.every(({ ok }) => ok)
}

/** `kubewise playbook …`: playbooks in files, before they are given to an installation. */
export function addPlaybookCommands(program: Command, output: Output, finish: Finish): void {
  const playbook = program.command('playbook').description('Playbooks, in files.')
  playbook
    .command('check')
    .description('Checks playbooks by the same rules as an installation does: form, conditions, actions, parameters.')
    .argument('<place...>', 'files, or folders with *.yaml')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json']))
    .addHelpText('after', EXAMPLES)
    .action(async (places: string[], { output: format }: { output?: string }) =>
      finish((await check(places, format, output)) ? 0 : 1),
    )
}
