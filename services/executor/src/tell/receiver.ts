import { isIP } from 'node:net'
import { decoderOf } from '@kubewise/contracts'
import { addressRefusal, readAllowList, type AllowList } from '@kubewise/service'
import { Type, type Static } from 'typebox'
import { parse } from 'yaml'

const KINDS = ['slack', 'webhook', 'alertmanager'] as const

/** Who is told, and how. */
export interface Receiver {
  name: string
  kind: (typeof KINDS)[number]
  /** Of Slack and its like it is a secret. */
  url: string
  /** Signs what a webhook is sent; the bearer token of the others. */
  secret?: string
  /** Alertmanager: labels that every alert gets, such as a severity. */
  labels?: Readonly<Record<string, string>>
  /** What may be sent to beside public addresses over https. */
  allow: AllowList
  mayUseHttp: boolean
  /** How long messages of one namespace are gathered into one; 0 sends each alone. */
  groupMs: number
  /** More than that are summed up. */
  perMinute: number
}

const strict = { additionalProperties: false }
const File = Type.String({ minLength: 1 })
const Entry = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
    kind: Type.Enum([...KINDS]),
    url: Type.Optional(Type.String({ minLength: 1 })),
    urlFile: Type.Optional(File),
    secretFile: Type.Optional(File),
    labels: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,62}$' }), Type.String({ maxLength: 200 }), strict),
    ),
    groupSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: 300 })),
    perMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
  },
  strict,
)
type Entry = Static<typeof Entry>
const decodeFile = decoderOf(Type.Object({ receivers: Type.Array(Entry, { maxItems: 50 }) }, strict))

const GROUP_SECONDS = 5
const PER_MINUTE = 20
/** The variable's one receiver is sent each message alone, as it always was. */
const OF_THE_VARIABLE = { name: 'webhook', kind: 'webhook', groupMs: 0, perMinute: 120 } as const

/** Names that mean a place within: this machine, this cluster, this network. */
const isLocalName = (host: string) => !host.includes('.') || /\.(localhost|svc|local|internal)$/.test(host)

/** What whoever writes a local name or address into a setting means to allow. */
function meant(url: URL): string[] {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return isIP(host) !== 0 || isLocalName(host) ? [host] : []
}

/** A mistake is told without the value: an address can hold a token. */
function urlOf(text: string, isBase: boolean): URL | string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) return 'expected an http or https address, got a value that is not shown'
  if (isBase && (url.search || url.hash)) return 'expected the address of an Alertmanager without ? and #'
  return url
}

function addressMistake(url: URL, allow: AllowList): string[] {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const refusal = isIP(host) === 0 ? undefined : addressRefusal(host, allow, false)
  return refusal ? [`nothing may be sent there: ${refusal.say}`] : []
}

export interface ReceiverSettings {
  /** KUBEWISE_WEBHOOK_URL and what signs it. */
  url?: string | undefined
  secret?: string | undefined
  /** KUBEWISE_RECEIVERS_FILE */
  file?: string | undefined
  /** KUBEWISE_NOTIFY_ALLOW */
  allow: readonly string[]
}

/** Reads a file as text. @throws when it cannot be read */
export type ReadText = (path: string) => string

/** Collects mistakes while reading: a value, or undefined after it was told what is wrong. */
type Tell = (say: string) => undefined

function readFile(path: string, readText: ReadText, tell: Tell): string | undefined {
  try {
    return readText(path).trim() || tell(`${path} is empty`)
  } catch (error) {
    return tell(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`)
  }
}

function receiverOf(entry: Entry, allowed: readonly string[], readText: ReadText, tell: Tell): Receiver | undefined {
  const { name, kind, urlFile, secretFile, labels, groupSeconds = GROUP_SECONDS, perMinute = PER_MINUTE } = entry
  if ((entry.url === undefined) === (urlFile === undefined)) return tell('expected either url or urlFile')
  if (labels && kind !== 'alertmanager') tell('labels are for an Alertmanager alone')
  const text = urlFile === undefined ? entry.url : readFile(urlFile, readText, tell)
  const secret = secretFile === undefined ? undefined : readFile(secretFile, readText, tell)
  const url = text === undefined ? undefined : urlOf(text.trim(), kind === 'alertmanager')
  if (typeof url === 'string') return tell(url)
  if (!url) return undefined
  const allow = readAllowList([...allowed, ...meant(url)]).list
  addressMistake(url, allow).forEach(tell)
  return {
    name,
    kind,
    url: url.href,
    allow,
    mayUseHttp: false,
    groupMs: groupSeconds * 1000,
    perMinute,
    ...(secret !== undefined && { secret }),
    ...(labels && { labels }),
  }
}

function ofVariable({ url: text, secret, allow: allowed }: ReceiverSettings, tell: Tell): Receiver[] {
  if (text === undefined) return []
  const url = urlOf(text, false)
  if (typeof url === 'string') return tell(`KUBEWISE_WEBHOOK_URL: ${url}`) ?? []
  const allow = readAllowList([...allowed, ...meant(url)]).list
  for (const say of addressMistake(url, allow)) tell(`KUBEWISE_WEBHOOK_URL: ${say}`)
  return [{ ...OF_THE_VARIABLE, url: text, allow, mayUseHttp: true, ...(secret && { secret }) }]
}

function ofFile({ file, allow }: ReceiverSettings, readText: ReadText, tell: Tell): Receiver[] {
  if (file === undefined) return []
  const told: Tell = (say) => tell(`KUBEWISE_RECEIVERS_FILE: ${say}`)
  const text = readFile(file, readText, told)
  if (text === undefined) return []
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    // The parser's own sentence quotes the line, which can be a secret.
    const [position] = (error as { linePos?: { line: number }[] }).linePos ?? []
    return told(`${file} is neither YAML nor JSON${position ? `, see line ${position.line}` : ''}`) ?? []
  }
  const decoded = decodeFile(value)
  // What was found is left out: somebody may have written a secret there.
  if (!decoded.ok) return decoded.errors.flatMap((say) => told(say.replace(/, got .*$/s, '')) ?? [])
  return decoded.value.receivers.flatMap((entry) => {
    const toldOf: Tell = (say) => told(`${entry.name}: ${say}`)
    return receiverOf(entry, allow, readText, toldOf) ?? []
  })
}

/**
 * The receivers of a configuration: that of the variable, then those of the file.
 *
 * @returns them, and every mistake that was found, a sentence each; no value of a secret is in it
 */
export function readReceivers(
  settings: ReceiverSettings,
  readText: ReadText,
): { receivers: Receiver[]; mistakes: string[] } {
  const mistakes = readAllowList(settings.allow).mistakes.map((say) => `KUBEWISE_NOTIFY_ALLOW: ${say}`)
  const tell: Tell = (say) => void mistakes.push(say)
  const receivers = [...ofVariable(settings, tell), ...ofFile(settings, readText, tell)]
  const names = receivers.map(({ name }) => name)
  for (const name of new Set(names))
    if (names.indexOf(name) !== names.lastIndexOf(name))
      tell(
        `KUBEWISE_RECEIVERS_FILE: ${name}: there are two of this name${name === 'webhook' ? ', KUBEWISE_WEBHOOK_URL has it' : ''}`,
      )
  return { receivers, mistakes }
}
