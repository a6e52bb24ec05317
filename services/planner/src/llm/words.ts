import {
  EXECUTION_STATUSES,
  FAILING_WAITING,
  IMAGE_PROBLEMS,
  PROBES,
  RELATIONS,
  SCHEDULING_PROBLEMS,
  SEVERITIES,
  SOURCES,
} from '@kubewise/contracts'
import { ACTIONS } from '@kubewise/policy'

/** Words that only the cluster's own components and KubeWise put into facts; no one who runs in the cluster can add to them. */
const WORDS = `
  Deployment StatefulSet DaemonSet ReplicaSet Pod Job CronJob Node Service ConfigMap Secret PersistentVolumeClaim ResourceQuota
  HorizontalPodAutoscaler PodDisruptionBudget Namespace Registry Cluster NetworkPolicy EndpointSlice
  ValidatingWebhookConfiguration MutatingWebhookConfiguration
  Pending Running Succeeded Failed Unknown True False Bound Lost
  ContainerCreating PodInitializing Completed Error OOMKilled ContainerCannotRun DeadlineExceeded StartError
  Evicted NodeLost NodeShutdown Preempting Terminated UnexpectedAdmissionError
  MemoryPressure DiskPressure PIDPressure NetworkUnavailable
  crash-loop job-failed memory-kill node-not-ready node-pressure pod-not-ready pod-pending rollout-stuck workload-unavailable
  metric-level sibling-outlier failed-scheduling failed-create failed-mount failed-attach failed-sandbox probe-failed evicted
  node-trouble provisioning-failed autoscaler-blind job-backoff eviction-blocked entity-unusual cpu-throttled volume-filling
  memory-forecast volume-forecast inodes-forecast disk-forecast file-handles-forecast quota-forecast
  quota pod-security webhook limit-range forbidden other
  memory volume disk files cpu processes
  image command env resources probes volumes scheduling
  spec.template spec.replicas spec.selector spec.ports spec.unschedulable created deleted data
  kube-controller-manager kube-scheduler kubelet kubectl kubectl-edit kubectl-rollout kubectl-set helm argocd-controller
  kustomize-controller helm-controller cluster-autoscaler karpenter keda-operator`

const KNOWN: ReadonlySet<string> = new Set([
  ...WORDS.split(/\s+/).filter((word) => word !== ''),
  'Argo CD',
  'Flux',
  'Helm',
  ...FAILING_WAITING,
  ...IMAGE_PROBLEMS,
  ...SCHEDULING_PROBLEMS,
  ...PROBES,
  ...RELATIONS,
  ...SEVERITIES,
  ...SOURCES,
  ...EXECUTION_STATUSES,
  ...ACTIONS.map(({ name }) => name),
])

const QUANTITY = /^[0-9]{1,15}(\.[0-9]{1,6})?(m|[kMGTPE]|[KMGTPE]i)?$/

/** May a text of the facts be shown to a model as it is? Only closed words and quantities; every name is replaced. */
export const isKnownWord = (text: string): boolean => KNOWN.has(text) || QUANTITY.test(text)
