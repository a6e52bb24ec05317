import { plainText } from './plain-text.ts'

/** Words that the kubelet, the scheduler and the controllers use in their messages. What is none of them becomes `<*>`. */
const VOCABULARY: ReadonlySet<string> = new Set(
  `a access address admission affinity after again all already and any are at attach authentication authorization available
  back-off because been before being bind bound by cannot capacity change claim class condition config configmap connect
  connection container containers context controller could cpu crash create created creating daemonset deadline default denied
  deployment desired detach did didn disk dns does doesn't due during endpoint endpoints ephemeral error errors evicted exceeded
  exec execution exhausted exist exit exited expected expired failed failing failure filesystem find finished for forbidden found
  from full gave get group has have healthy host http i/o id image in init insufficient internal invalid is it its job kernel key
  killed kubelet label latest leader limit limited liveness lookup manifest match matching maximum mem memory message metric
  metrics minimum missing mount mounts name namespace network new no node nodes nor not of on one only oom open operation or out
  over permission persistent persistentvolumeclaim persistentvolumeclaims pod pods policy port pressure probe process provision
  provisioned pull pulled pulling quota rate reached readiness ready reason received refused registry replica replicas replicaset
  repository request requested requests reset resolve resource resources response restarting running sandbox scheduled scheduler
  secret selector server service set size specified started starting startup state status storage storageclass such taint tag the
  there this time timed timeout to tolerated toomanyrequests tcp tls too try type unable unauthorized unbound unhealthy unknown
  unreachable unschedulable untolerated up used user using verify violates volume volumes waiting was webhook were while with
  within write x509 certificate`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

const SLOT = '<*>'
const LONGEST = 512

/** A text with only the words of system components left; everything else is a slot, and slots run together. */
export function templateOf(text: string): string {
  const words = plainText(text, LONGEST)
    .toLowerCase()
    .split(/[^a-z0-9/'-]+/)
    .filter((word) => word !== '')
    .map((word) => (VOCABULARY.has(word) ? word : SLOT))
  return words.filter((word, index) => word !== SLOT || words[index - 1] !== SLOT).join(' ')
}

const LEAST_WORDS = 3

/** The templates of many texts, each with how often it was seen, most frequent first; those with too little left say nothing. */
export function templatesOf(texts: readonly string[]): { text: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const text of texts) {
    const template = templateOf(text)
    const known = template.split(' ').filter((word) => word !== SLOT).length
    if (known >= LEAST_WORDS) counts.set(template, (counts.get(template) ?? 0) + 1)
  }
  return [...counts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1))
}
