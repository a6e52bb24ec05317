import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { decodeAuditHead, type AuditHead } from '@kubewise/contracts'
import { explain } from '@kubewise/service'
import { headMistake } from './link.ts'

/** The last signed head of each writer, where whoever can write to the record cannot: beside the key that signs. */
export interface KeptHeads {
  /** Where a writer's head is kept, for a person. */
  place(writer: string): string
  /** @returns undefined where none is kept. @throws Error that names the file, where what is there is no head of this writer */
  last(writer: string): Promise<AuditHead | undefined>
  /** Keeps a head that is durable in the record, never instead of a later one. @throws Error of the file system */
  keep(head: AuditHead): Promise<void>
}

const SUFFIX = '.head'
const fileOf = (keyFile: string, writer: string) => `${keyFile}.${writer}${SUFFIX}`

async function readHead(file: string): Promise<AuditHead | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const decoded = decodeAuditHead(parsed(text))
  const mistake = decoded.ok ? headMistake(decoded.value) : decoded.errors.join(', ')
  if (!decoded.ok || mistake !== undefined) throw new Error(`${file} is no signed head: ${mistake}`)
  return decoded.value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whole or not at all, also when the machine dies in the middle of it. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Heads in files beside the key's, one for each writer: `<key file>.<writer>.head`, for its owner alone. */
export function keptHeadsBeside(keyFile: string): KeptHeads {
  const last = async (writer: string) => {
    const file = fileOf(keyFile, writer)
    const head = await readHead(file).catch((error: unknown) => {
      throw new Error(`the kept head cannot be used: ${explain(error)}`, { cause: error })
    })
    if (head && head.writer !== writer) throw new Error(`${file} is a head of ${head.writer}, not of ${writer}`)
    return head
  }
  return {
    place: (writer) => fileOf(keyFile, writer),
    last,
    async keep(head) {
      const before = await last(head.writer)
      if (before && before.number >= head.number) return
      await writeWhole(fileOf(keyFile, head.writer), `${JSON.stringify(head)}\n`)
    },
  }
}

/** Every head that is kept beside a key. @throws as {@link KeptHeads.last} */
export async function readKeptHeads(keyFile: string): Promise<AuditHead[]> {
  const folder = dirname(keyFile)
  const names = await readdir(folder).catch(() => [])
  const mine = names.filter((name) => name.startsWith(`${basename(keyFile)}.`) && name.endsWith(SUFFIX))
  const heads = await Promise.all(mine.sort().map((name) => readHead(join(folder, name))))
  return heads.filter((head) => head !== undefined)
}
