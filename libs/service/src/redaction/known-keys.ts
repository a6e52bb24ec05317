/** Keys that their issuers made recognisable: how they begin, how long they are at least, what they are made of. */
const ISSUED: readonly { prefix: string; least: number }[] = [
  { prefix: 'AKIA', least: 20 },
  { prefix: 'ASIA', least: 20 },
  { prefix: 'AIza', least: 35 },
  { prefix: 'ya29.', least: 20 },
  { prefix: 'GOCSPX-', least: 20 },
  { prefix: 'ghp_', least: 20 },
  { prefix: 'gho_', least: 20 },
  { prefix: 'ghu_', least: 20 },
  { prefix: 'ghs_', least: 20 },
  { prefix: 'ghr_', least: 20 },
  { prefix: 'github_pat_', least: 20 },
  { prefix: 'glpat-', least: 16 },
  { prefix: 'xoxb-', least: 12 },
  { prefix: 'xoxp-', least: 12 },
  { prefix: 'xoxa-', least: 12 },
  { prefix: 'xoxr-', least: 12 },
  { prefix: 'xoxs-', least: 12 },
  { prefix: 'xapp-', least: 12 },
  { prefix: 'sk-', least: 20 },
  { prefix: 'sk_live_', least: 16 },
  { prefix: 'sk_test_', least: 16 },
  { prefix: 'rk_live_', least: 16 },
  { prefix: 'whsec_', least: 16 },
  { prefix: 'npm_', least: 36 },
  { prefix: 'pypi-', least: 36 },
  { prefix: 'SG.', least: 30 },
  { prefix: 'hvs.', least: 20 },
  { prefix: 'dop_v1_', least: 36 },
  // A JSON Web Token, or the beginning of one: base64 of `{"`.
  { prefix: 'eyJ', least: 20 },
]

const SHORTEST = Math.min(...ISSUED.map(({ least }) => least))
const BY_FIRST = Map.groupBy(ISSUED, ({ prefix }) => prefix.charCodeAt(0))

/**
 * Where in a run of characters an issued key begins, if there is one: at its start, or after a mark that ends words.
 *
 * @returns -1 where there is none
 */
export function issuedKeyAt(run: string): number {
  for (let index = 0, isStart = true; index + SHORTEST <= run.length; index++) {
    const code = run.charCodeAt(index)
    const issued = isStart ? BY_FIRST.get(code) : undefined
    if (issued?.some(({ prefix, least }) => run.length - index >= least && run.startsWith(prefix, index))) return index
    isStart = code < 48 || (code > 57 && code < 65) || code === 95 || code > 122
  }
  return -1
}

const SECRET_WORDS = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'apikey',
  'api_key',
  'api-key',
  'accesskey',
  'access_key',
  'access-key',
  'accountkey',
  'secretkey',
  'secret_key',
  'secret-key',
  'secretaccesskey',
  'privatekey',
  'private_key',
  'private-key',
  'sharedaccesskey',
  'signature',
  'credential',
  'credentials',
  'authorization',
  'set-cookie',
  'cookie',
]

const WORDS_BY_LAST = Map.groupBy(SECRET_WORDS, (word) => word.charCodeAt(word.length - 1))
const TO_SMALL = 32

/** Is a name that of a secret: `DB_PASSWORD`, `--api-key`, `client_secret`? */
export function isSecretName(name: string): boolean {
  if (name.length < 3 || name.length > 128) return false
  const words = WORDS_BY_LAST.get(name.charCodeAt(name.length - 1) | TO_SMALL)
  if (!words) return false
  const small = name.toLowerCase()
  return words.some((word) => small.endsWith(word))
}

/** Words that also stand before a colon in plain sentences: `failed to fetch token: unexpected status`. */
export const isProseName = (name: string): boolean => /(?:token|secret|signature|credentials?)$/i.test(name)
