import { hash, randomBytes } from 'node:crypto'
import { isProseName, isSecretName, issuedKeyAt } from './known-keys.ts'
import { isRandom } from './randomness.ts'

/** Takes secrets out of text. Takes time in proportion to its length, whatever it holds; a second time changes nothing. */
export type RedactText = (text: string) => string

export interface RedactorOptions {
  /** The same secret has the same placeholder under the same salt. Random for each process unless told. */
  salt?: string
  /** Mail addresses too. */
  hasEmails?: boolean
}

/** What stands for a text that could not be redacted: then none of it leaves. */
export const NOT_REDACTED = '<omitted: could not be redacted>'

const PLACEHOLDER = /<secret:[0-9a-f]{4}>/y
const PLACEHOLDER_LENGTH = '<secret:0000>'.length

function isPlaceholderAt(text: string, index: number): boolean {
  PLACEHOLDER.lastIndex = index
  return PLACEHOLDER.test(text)
}

type Hide = (secret: string) => string

const PEM_BEGIN = '-----BEGIN '
const PEM_END = '-----END '

/** PEM blocks of every kind; one that has no end goes to the end of the text. */
function hidePem(text: string, hide: Hide): string {
  let begin = text.indexOf(PEM_BEGIN)
  if (begin < 0) return text
  let out = ''
  let from = 0
  for (; begin >= 0; begin = text.indexOf(PEM_BEGIN, from)) {
    const end = text.indexOf(PEM_END, begin)
    const dashes = end < 0 ? -1 : text.indexOf('-----', end + PEM_END.length)
    const to = end < 0 || dashes < 0 ? text.length : dashes + 5
    out += text.slice(from, begin) + hide(text.slice(begin, to))
    from = to
  }
  return out + text.slice(from)
}

const ENDS_ADDRESS = /[\s"'`<>\\]/g
const ENDS_AUTHORITY = /[/?#]/g

function firstOf(pattern: RegExp, text: string, from: number, limit: number): number {
  pattern.lastIndex = from
  const found = pattern.exec(text)
  return found && found.index < limit ? found.index : limit
}

/** Who and with what password, in the address of a server; a password may hold a slash that nobody encoded. */
function hideUserInfo(text: string, hide: Hide): string {
  let mark = text.indexOf('://')
  if (mark < 0) return text
  let out = ''
  let from = 0
  for (; mark >= 0; mark = text.indexOf('://', Math.max(from, mark + 3))) {
    const start = mark + 3
    if (isPlaceholderAt(text, start)) continue
    const end = firstOf(ENDS_ADDRESS, text, start, text.length)
    const authority = text.slice(start, firstOf(ENDS_AUTHORITY, text, start, end))
    const isPassword = /:(?!\d*$)/.test(authority) && !authority.startsWith('[')
    const at =
      authority.includes('@') || !isPassword ? authority.lastIndexOf('@') : text.slice(start, end).lastIndexOf('@')
    if (at <= 0) continue
    out += text.slice(from, start) + hide(text.slice(start, start + at))
    from = start + at
  }
  return out + text.slice(from)
}

/** Characters that keys, names and paths are made of. */
const RUN_CHARACTERS = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/~.%')
  RUN_CHARACTERS[character.charCodeAt(0)] = 1

/** Written out, since they see every character of every text. */
function endOfRun(text: string, index: number): number {
  let at = index
  while (at < text.length && RUN_CHARACTERS[text.charCodeAt(at)] === 1) at += 1
  return at
}
function nextRun(text: string, index: number): number {
  let at = index
  while (at < text.length && RUN_CHARACTERS[text.charCodeAt(at)] !== 1) at += 1
  return at
}

const BACKSLASH = 92
const SPACE = 32

function skip(text: string, index: number, isSkipped: (code: number) => boolean): number {
  let at = index
  while (at < text.length && isSkipped(text.charCodeAt(at))) at += 1
  return at
}
const isBlank = (code: number) => code === SPACE || code === 9
const isQuote = (code: number) => code === 34 || code === 39 || code === 96
const isEscape = (code: number) => code === BACKSLASH

/** Where the value of a named secret is, after `name=`, `"name": "`, `\"name\":\"`, `--name `; undefined where it is not followed by one. */
function valueAfter(text: string, name: string, end: number): { start: number; end: number } | undefined {
  let at = skip(text, skip(text, end, isEscape), isQuote)
  const isFlag = name.startsWith('--') && isBlank(text.charCodeAt(at))
  const wide = skip(text, at, isBlank)
  const sign = text.charAt(text.charAt(wide) === '=' ? wide : at)
  if (sign === '=' || sign === ':') at = (text.charAt(wide) === '=' ? wide : at) + 1
  else if (!isFlag) return undefined
  const isWide = isBlank(text.charCodeAt(at))
  at = skip(text, skip(text, skip(text, at, isBlank), isEscape), (code) => isQuote(code))
  const isQuoted = isQuote(text.charCodeAt(at - 1))
  if (at >= text.length || isPlaceholderAt(text, at)) return undefined
  let stop = at
  const quote = text.charCodeAt(at - 1)
  const ends = (code: number) =>
    code === 10 ||
    code === 13 ||
    code === BACKSLASH ||
    (isQuoted ? code === quote : isBlank(code) || isQuote(code) || ',;&)}]'.includes(String.fromCharCode(code)))
  while (stop < text.length && !ends(text.charCodeAt(stop))) stop += 1
  if (stop === at) return undefined
  const isProse = sign === ':' && isWide && !isQuoted && isProseName(name)
  return isProse && /^[a-z]+[.,:]?$/.test(text.slice(at, stop)) ? undefined : { start: at, end: stop }
}

const SCHEMES: ReadonlySet<string> = new Set(['bearer', 'basic', 'negotiate'])
const LONGEST_SCHEME = 'negotiate'.length
const SHORTEST_BASIC = 8

/** The credential after `Bearer `; where it begins and ends. */
function credentialAfter(text: string, word: string, end: number): { start: number; end: number } | undefined {
  const start = skip(text, end, isBlank)
  if (start === end || isPlaceholderAt(text, start)) return undefined
  const stop = skip(text, start, (code) => code > SPACE && !isQuote(code) && code !== BACKSLASH && code !== 44)
  const isShort = word !== 'bearer' && stop - start < SHORTEST_BASIC
  return stop === start || isShort ? undefined : { start, end: stop }
}

const EQUALS = 61
const SHORTEST_TOKEN = 12

/** The part of a run that is a secret by itself, with the padding behind it. */
function secretIn(text: string, start: number, run: string): { start: number; end: number } | undefined {
  if (run.length < SHORTEST_TOKEN) return undefined
  const end = start + run.length
  const key = issuedKeyAt(run)
  if (key >= 0) return { start: start + key, end: skip(text, end, (code) => code === EQUALS) }
  if (run.length < 20 || isDigest(text, start, run)) return undefined
  return run.split('.').some(isRandom) ? { start, end: skip(text, end, (code) => code === EQUALS) } : undefined
}

/** An image is named by one, and it is no secret. */
const isDigest = (text: string, start: number, run: string): boolean =>
  run.length === 64 && text.slice(Math.max(0, start - 7), start) === 'sha256:' && /^[0-9a-f]+$/.test(run)

function secretOf(text: string, start: number, end: number): { start: number; end: number } | undefined {
  const run = text.slice(start, end)
  const word = run.length <= LONGEST_SCHEME ? run.toLowerCase() : ''
  let secret = SCHEMES.has(word) ? credentialAfter(text, word, end) : undefined
  const isName = !secret && isSecretName(run)
  if (isName) secret = valueAfter(text, run, end)
  if (secret && SCHEMES.has(text.slice(secret.start, secret.end).toLowerCase()))
    secret = credentialAfter(text, 'bearer', secret.end)
  const own = secretIn(text, start, run)
  // A key may end like the name of one; then it is hidden with what follows.
  return isName && own ? { start: own.start, end: Math.max(own.end, secret?.end ?? 0) } : (secret ?? own)
}

const SHORTEST_RUN = 3
const LESS_THAN = 60

function hideTokens(text: string, hide: Hide): string {
  let out = ''
  let from = 0
  for (let start = nextRun(text, 0); start < text.length;) {
    let end = endOfRun(text, start)
    if (text.charCodeAt(start - 1) === LESS_THAN && isPlaceholderAt(text, start - 1))
      end = start - 1 + PLACEHOLDER_LENGTH
    else if (end - start >= SHORTEST_RUN) {
      const secret = secretOf(text, start, end)
      if (secret) {
        out += text.slice(from, secret.start) + hide(text.slice(secret.start, secret.end))
        end = from = secret.end
      }
    }
    start = nextRun(text, end)
  }
  return from === 0 ? text : out + text.slice(from)
}

const LOCAL_PART = /[A-Za-z0-9._%+-]/
const DOMAIN = /[A-Za-z0-9.-]/

function hideEmails(text: string, hide: Hide): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at
    while (start > from && LOCAL_PART.test(text.charAt(start - 1))) start -= 1
    let end = at + 1
    while (end < text.length && DOMAIN.test(text.charAt(end))) end += 1
    if (start === at || !text.slice(at, end).includes('.')) continue
    out += text.slice(from, start) + hide(text.slice(start, end))
    from = end
    at = end - 1
  }
  return out + text.slice(from)
}

/** Makes a redactor with its own salt; see {@link RedactText}. */
export function createRedactor({ salt, hasEmails = false }: RedactorOptions = {}): RedactText {
  const own = salt ?? randomBytes(16).toString('hex')
  const placeholder = (secret: string) => `<secret:${hash('sha256', own + secret).slice(0, 4)}>`
  return (text) => {
    const seen = new Map<string, string>()
    const hide: Hide = (secret) => {
      const known = seen.get(secret) ?? placeholder(secret)
      seen.set(secret, known)
      return known
    }
    try {
      const clean = hideTokens(hideUserInfo(hidePem(text, hide), hide), hide)
      return hasEmails ? hideEmails(clean, hide) : clean
    } catch {
      return NOT_REDACTED
    }
  }
}

/** The redactor of this process. */
export const redactText: RedactText = createRedactor()
