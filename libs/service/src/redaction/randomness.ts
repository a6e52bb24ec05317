/** The pairs of letters that make up most of English and of the names that programs give. */
const COMMON_PAIRS = (
  'ab ac ad ag ai al am an ap ar as at aw be bj bo ca ce ch ck cl co ct da de di ds ea ec ed ef el em ' +
  'en ep eq er es et ev ew ex fa fi fo fr fu ge ha he hi ho ic id ie ig il im in io is it je ke ku la ' +
  'ld le li ll lo ls lu ma me mi mp ms na nc nd ne ng no ns nt nu ob od of ol om on op or ot ou ow pa ' +
  'pe pl po pr qu ra rc re ri rn ro rr rs rt ru ry sa se sh si so sp ss st ta tc te th ti to tr ts tu ' +
  'ty ub ue ul um un ur us ut va ve vi wa wh wi wo xp yp ' +
  'ws'
).split(' ')

const FIRST_LETTER = 97
const LETTERS = 26
const PAIRS = new Uint8Array(LETTERS * LETTERS)
for (const pair of COMMON_PAIRS)
  PAIRS[(pair.charCodeAt(0) - FIRST_LETTER) * LETTERS + pair.charCodeAt(1) - FIRST_LETTER] = 1

const isCommonPair = (first: number, second: number) =>
  isLower(first) && isLower(second) && PAIRS[(first - FIRST_LETTER) * LETTERS + second - FIRST_LETTER] === 1

/** Below this share of common pairs, text of twenty letters and more was not made of words. */
const WORDLIKE_SHARE = 0.55
/** The same where digits or both cases stand in it: random text keeps above it less than once in a million. */
const MIXED_WORDLIKE_SHARE = 0.6
/** Bits a character; what repeats itself is no key. */
const LEAST_ENTROPY = 3
const SHORTEST = 20

const isDigit = (code: number) => code >= 48 && code <= 57
const isUpper = (code: number) => code >= 65 && code <= 90
const isLower = (code: number) => code >= 97 && code <= 122

function kindsIn(text: string): { hasUpper: boolean; hasLower: boolean; hasDigit: boolean } {
  const kinds = { hasUpper: false, hasLower: false, hasDigit: false }
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (isLower(code)) kinds.hasLower = true
    else if (isDigit(code)) kinds.hasDigit = true
    else if (isUpper(code)) kinds.hasUpper = true
  }
  return kinds
}

const isSeparator = (code: number) => code === 45 || code === 47 || code === 95

/** Share of neighbouring characters that words would have beside each other: common pairs, and no capital after a small letter. */
function wordlikeShare(text: string): number {
  let pairs = 0
  let common = 0
  const small = text.toLowerCase()
  for (let index = 0; index + 1 < text.length; index++) {
    const first = text.charCodeAt(index)
    const second = text.charCodeAt(index + 1)
    if (isSeparator(first) || isSeparator(second)) continue
    pairs += 1
    const startsWord = isLower(first) && isUpper(second)
    if (!startsWord && isCommonPair(small.charCodeAt(index), small.charCodeAt(index + 1))) common += 1
  }
  return pairs === 0 ? 1 : common / pairs
}

/** Shannon entropy of the characters, in bits each. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

function isRandomSegment(text: string): boolean {
  if (text.length < SHORTEST) return false
  const { hasUpper, hasLower, hasDigit } = kindsIn(text)
  if (!hasUpper && !hasLower) return false
  const enough = hasDigit || (hasUpper && hasLower) ? MIXED_WORDLIKE_SHARE : WORDLIKE_SHARE
  return wordlikeShare(text) < enough && entropyOf(text) >= LEAST_ENTROPY
}

const UUID_LENGTH = 36
const UUID = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/g

const BASE64 = /^[A-Za-z0-9+/]+$/
/** Of a secret access key of AWS. */
const ACCESS_KEY_LENGTH = 40

/** Base64 may hold slashes; a path is made of words. */
function isRandomBase64(text: string): boolean {
  if (text.length < 30 || !text.includes('/') || text.startsWith('/') || !BASE64.test(text)) return false
  const { hasUpper, hasLower, hasDigit } = kindsIn(text)
  const enough = text.length === ACCESS_KEY_LENGTH ? 0.8 : WORDLIKE_SHARE
  return hasUpper && hasLower && hasDigit && wordlikeShare(text) < enough
}

/**
 * Does a token look drawn at random, as keys and passwords of machines are? Object names with their generated endings, uids,
 * paths and names of programs do not.
 *
 * @param token characters of `[A-Za-z0-9_+/~%-]` alone
 */
export function isRandom(token: string): boolean {
  if (token.length < SHORTEST) return false
  const plain = token.length >= UUID_LENGTH && token.includes('-') ? token.replaceAll(UUID, '') : token
  if (plain.length < SHORTEST) return false
  for (const part of plain.split('/')) {
    if (part.length < SHORTEST) continue
    const { hasUpper, hasLower, hasDigit } = kindsIn(part)
    const isMadeOfWords = !hasUpper || (!hasLower && !hasDigit)
    const segments = isMadeOfWords ? part.split(/[-_]/) : [part]
    if (segments.some(isRandomSegment)) return true
  }
  return isRandomBase64(plain)
}
