import assert from 'node:assert/strict'
import { systemClock } from '@kubewise/service'
import { skipWithout, findPrometheus } from '@kubewise/testkit'
import { playQuiet } from './detection/quiet.ts'
import { QUIET, startStage } from './detection/stage.ts'
import { anomaliesOf, incidentsOf, sayAnomaly, type ToldAnomaly } from './detection/told.ts'

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const prometheusUrl = process.env['PROM_URL'] ?? ''
/** Of the test's own namespace, of the nodes, and whatever else the cluster runs. */
const ENTITIES = 'count(kube_pod_info) + count(kube_node_info) + count(kube_deployment_created)'
const MINUTES_A_DAY = 24 * 60

describe('a quiet cluster', () => {
  skipWithout(kubeconfigFile || undefined, 'KUBECONFIG is not set')
  skipWithout(prometheusUrl || undefined, 'PROM_URL is not set')
  const programs = skipWithout(findPrometheus(), 'no prometheus with promtool on this machine')
  const minutes = Number(process.env['KUBEWISE_SOAK_MINUTES'] ?? 60)

  it(`gives no alert in ${minutes} minutes of rollouts, scaling and Jobs`, async () => {
    await using stage = await startStage({ kubeconfigFile, prometheusUrl, programs, hasFaults: false })
    const changes = await playQuiet(stage.kube, QUIET, systemClock, AbortSignal.timeout(minutes * 60_000))
    const [mean] = await stage.prometheus.ask(`avg_over_time((${ENTITIES})[${Math.ceil(minutes)}m:1m])`)
    const entityDays = (Number(mean?.value[1] ?? 0) * minutes) / MINUTES_A_DAY
    const { apiUrl } = stage.services
    const anomalies = await anomaliesOf(apiUrl)
    const incidents = await incidentsOf(apiUrl)
    process.stdout.write(table(anomalies, entityDays))
    process.stdout.write(
      `${changes} changes in ${minutes} minutes, ${entityDays.toFixed(2)} entity-days: ${anomalies.length} anomalies, ${incidents.length} incidents\n`,
    )
    assert.deepEqual(anomalies.map(sayAnomaly), [])
  })
})

/** By severity and rule: how many, of how many entities, and how many on an entity's day. */
function table(anomalies: readonly ToldAnomaly[], entityDays: number): string {
  const groups = Map.groupBy(anomalies, ({ severity, rule }) => `${severity.padEnd(8)} ${rule.name}`)
  const width = Math.max(20, ...[...groups.keys()].map(({ length }) => length))
  const row = (name: string, ...figures: (string | number)[]) =>
    `${name.padEnd(width)}${figures.map((figure) => String(figure).padStart(16)).join('')}\n`
  const rows = [...groups]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([name, group]) => {
      const entities = new Set(group.map(({ entity }) => `${entity.kind}/${entity.namespace}/${entity.name}`))
      return row(name, group.length, entities.size, (group.length / entityDays).toFixed(2))
    })
  return [row('alert', 'alerts', 'entities', 'per entity-day'), ...rows].join('')
}
