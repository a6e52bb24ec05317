import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { explain } from '@kubewise/service'
import { keptHeadsBeside, type KeptHeads } from './kept-heads.ts'

/** Signs what a writer vouches for; the key itself never leaves it. */
export interface Signer {
  /** Names the public key: the first 16 bytes of the SHA-256 of its DER form, base64url. */
  key: string
  /** PEM. */
  publicKey: string
  /** @returns Ed25519, base64url */
  sign(hash: string): string
  /** Did this very key sign it? */
  isMine(hash: string, signature: string): boolean
  /** Where the last heads are kept; absent for a key that has no file. */
  kept?: KeptHeads
  /** What is doubtful about the key's file, for the log. */
  warning?: string
}

/** Public keys by their names. */
export type PublicKeys = ReadonlyMap<string, KeyObject>

/** What is signed is told apart from anything else the same key could be used for. */
const PURPOSE = 'kubewise audit head v1\0'
const BLOCK = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g
const FOR_OTHERS = 0o077

const textToSign = (hash: string) => Buffer.from(PURPOSE + hash)

/** The name of a public key. */
export const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 16)
    .toString('base64url')

/** Was this signed by that key? Never throws. */
export const isSignedBy = (key: KeyObject, hash: string, signature: string): boolean =>
  verify(null, textToSign(hash), key, Buffer.from(signature, 'base64url')) &&
  // One signature has one spelling: another that decodes to it is an edit too.
  Buffer.from(signature, 'base64url').toString('base64url') === signature

/**
 * Every public key in a text of PEM blocks; a private key is none.
 *
 * @throws TypeError if there is none, or one that is not Ed25519
 */
export function readPublicKeys(text: string): PublicKeys {
  const blocks = text.match(BLOCK) ?? []
  if (blocks.length === 0) throw new TypeError('expected Ed25519 public keys as PEM (BEGIN PUBLIC KEY), found none')
  return new Map(blocks.map((block) => edKey(createPublicKey(block))).map((key) => [keyIdOf(key), key]))
}

function edKey(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new TypeError(`expected an Ed25519 key, got ${String(key.asymmetricKeyType)}`)
  return key
}

/**
 * A signer from a private key.
 *
 * @param pem PKCS #8
 * @throws TypeError if it is no Ed25519 private key; the text is not in the message
 */
export function signerFrom(pem: string): Signer {
  let secret: KeyObject
  try {
    secret = createPrivateKey(pem)
  } catch {
    throw new TypeError('expected an Ed25519 private key as PEM (PKCS #8)')
  }
  const open = createPublicKey(edKey(secret))
  return {
    key: keyIdOf(open),
    publicKey: String(open.export({ type: 'spki', format: 'pem' })),
    sign: (hash) => sign(null, textToSign(hash), secret).toString('base64url'),
    isMine: (hash, signature) => isSignedBy(open, hash, signature),
  }
}

/** A new private key, PKCS #8 as PEM. */
export const newKey = (): string =>
  String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))

/** Where the public keys of a key file are kept: that of now, and those of before it. */
export const publicFileOf = (keyFile: string): string => `${keyFile}.pub`

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code

/** Makes the file whole or not at all, and never over another's: of several processes one wins. */
async function makeOnce(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  try {
    await link(draft, file)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function readOrMake(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
    await makeOnce(file, newKey())
    return readFile(file, 'utf8')
  }
}

/** Adds the key to those that are known: earlier ones are still needed for what they signed. */
async function keepPublic(file: string, { key, publicKey }: Signer): Promise<void> {
  const before = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return ''
    throw error
  })
  if (before !== '' && readPublicKeys(before).has(key)) return
  await writeFile(file, publicKey, { flag: 'a', mode: 0o644, flush: true })
}

/**
 * The key of an installation: read from its file, or made there once, for its owner alone. Its public half is added to the
 * file beside it, `<file>.pub`, and stays there when the key is exchanged for another.
 *
 * @throws Error that names the file, never what is in it
 */
export async function openSigner(file: string): Promise<Signer> {
  try {
    const signer = signerFrom(await readOrMake(file))
    const doubts: string[] = []
    // A file that is mounted read-only cannot have the other half beside it.
    await keepPublic(publicFileOf(file), signer).catch((error: unknown) =>
      doubts.push(`no public key: ${explain(error)}`),
    )
    const { mode } = await stat(file)
    if ((mode & FOR_OTHERS) !== 0) doubts.push(`${file} can be used by others: mode ${(mode & 0o777).toString(8)}`)
    return { ...signer, kept: keptHeadsBeside(file), ...(doubts.length > 0 && { warning: doubts.join('; ') }) }
  } catch (error) {
    throw new Error(`the audit key ${file} cannot be used: ${explain(error)}`, { cause: error })
  }
}
