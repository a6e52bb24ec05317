import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'

/** A token file for the API with one administrator, made once and readable by its owner alone. @returns its path */
export async function createTokens(file: string): Promise<string> {
  if (!existsSync(file))
    await writeFile(file, `# role name token\nadmin admin ${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  return file
}
