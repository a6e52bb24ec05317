/**
 * Writes the schemas to files that outsiders can use: `generate.ts`; `generate.ts --check` says what has drifted and exits 1.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PUBLISHED } from './published.ts'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'schemas')
const read = (file: string) => {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch {
    return undefined
  }
}

const files = Object.entries(PUBLISHED).map(([name, { title, schema }]) => ({
  file: `${name}.json`,
  text: `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `https://kubewise.io/schemas/v1/${name}.json`, title, ...schema }, undefined, 2)}\n`,
}))
mkdirSync(folder, { recursive: true })
const drifted = files.filter(({ file, text }) => read(file) !== text)
const stale = readdirSync(folder).filter((file) => !files.some((wanted) => wanted.file === file))

if (process.argv.includes('--check')) {
  for (const { file } of drifted) process.stdout.write(`libs/contracts/schemas/${file}: is not what the source says\n`)
  for (const file of stale) process.stdout.write(`libs/contracts/schemas/${file}: nothing makes it\n`)
  process.exitCode = drifted.length + stale.length > 0 ? 1 : 0
} else {
  for (const { file, text } of drifted) writeFileSync(join(folder, file), text)
  for (const file of stale) rmSync(join(folder, file))
}
