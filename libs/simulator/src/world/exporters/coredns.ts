import { metric } from '../../prometheus/series/labels.ts'
import type { Sample } from '../../prometheus/series/series-store.ts'
import { SECOND_MS } from '../time.ts'

const ANSWERS_PER_SECOND = { NOERROR: 40, NXDOMAIN: 12, SERVFAIL: 0.01 }

/** The answers that the cluster's DNS has given. @param random in [0, 1) */
export function createCorednsExporter(random: () => number): (nowMs: number) => Sample[] {
  const counters = Object.entries(ANSWERS_PER_SECOND).map(([rcode, perSecond]) => ({
    labels: metric('coredns_dns_responses_total', {
      job: 'coredns',
      instance: 'coredns:9153',
      server: 'dns://:53',
      zone: '.',
      rcode,
      plugin: 'kubernetes',
    }),
    perSecond,
    value: 0,
  }))
  let lastMs: number | undefined
  return (nowMs) => {
    const seconds = lastMs === undefined ? 0 : (nowMs - lastMs) / SECOND_MS
    lastMs = nowMs
    for (const counter of counters)
      counter.value += Math.floor(counter.perSecond * seconds * (0.8 + 0.4 * random()) + random())
    return counters.map(({ labels, value }) => ({ labels, value }))
  }
}
