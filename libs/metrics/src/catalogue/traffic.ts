import { metric, type Metric, type OwnerLabels } from '../metric.ts'

const ISTIO: readonly OwnerLabels[] = [
  { kind: 'Deployment', namespace: 'destination_workload_namespace', name: 'destination_workload' },
]
const INGRESS: readonly OwnerLabels[] = [{ kind: 'Service', namespace: 'exported_namespace', name: 'exported_service' }]
const LINKERD: readonly OwnerLabels[] = [{ kind: 'Deployment', namespace: 'namespace', name: 'deployment' }]

const SERVICE = { isServiceLevel: true } as const

const BY_WORKLOAD = 'by (destination_workload_namespace, destination_workload)'
const istio = (only = '') => `sum ${BY_WORKLOAD} (rate(istio_requests_total{reporter="destination"${only}}[2m]))`
const BY_SERVICE = 'by (exported_namespace, exported_service)'
// nginx says `namespace` for its own; where the scrape keeps the exporter's labels apart, the ingress's become `exported_…`.
const nginx = (only = '') =>
  `sum ${BY_SERVICE} (rate(nginx_ingress_controller_requests{exported_service!=""${only}}[2m]))`
const linkerd = (only = '') => `sum by (namespace, deployment) (rate(response_total{direction="inbound"${only}}[2m]))`

/** Errors of a hundred; an added hundredth of a request a second keeps one failure among few from being all of them. */
const share = (failed: string, all: string) => `100 * (${failed} or 0 * ${all}) / (${all} + 0.01)`

/** Of requests, where a service mesh or an ingress exports them: how many, how many fail, how long they take. */
export const TRAFFIC_METRICS: readonly Metric[] = [
  metric('rate', 'istio_requests_per_second', 30, istio(), { ...SERVICE, owners: ISTIO, bad: 'down' }),
  metric('percent', 'istio_errors_pct', 30, share(istio(', response_code=~"5.."'), istio()), {
    ...SERVICE,
    owners: ISTIO,
    minEffect: 5,
  }),
  metric(
    'seconds',
    'istio_latency_p99_seconds',
    30,
    `histogram_quantile(0.99, sum by (destination_workload_namespace, destination_workload, le) (rate(istio_request_duration_milliseconds_bucket{reporter="destination"}[2m]))) / 1000`,
    { ...SERVICE, owners: ISTIO },
  ),
  metric('rate', 'ingress_requests_per_second', 30, nginx(), { ...SERVICE, owners: INGRESS, bad: 'down' }),
  metric('percent', 'ingress_errors_pct', 30, share(nginx(', status=~"5.."'), nginx()), {
    ...SERVICE,
    owners: INGRESS,
    minEffect: 5,
  }),
  metric(
    'seconds',
    'ingress_latency_p99_seconds',
    30,
    `histogram_quantile(0.99, sum by (exported_namespace, exported_service, le) (rate(nginx_ingress_controller_request_duration_seconds_bucket{exported_service!=""}[2m])))`,
    { ...SERVICE, owners: INGRESS },
  ),
  metric('rate', 'linkerd_requests_per_second', 30, linkerd(), { ...SERVICE, owners: LINKERD, bad: 'down' }),
  metric('percent', 'linkerd_errors_pct', 30, share(linkerd(', classification="failure"'), linkerd()), {
    ...SERVICE,
    owners: LINKERD,
    minEffect: 5,
  }),
  metric(
    'seconds',
    'linkerd_latency_p99_seconds',
    30,
    `histogram_quantile(0.99, sum by (namespace, deployment, le) (rate(response_latency_ms_bucket{direction="inbound"}[2m]))) / 1000`,
    { ...SERVICE, owners: LINKERD },
  ),
]
