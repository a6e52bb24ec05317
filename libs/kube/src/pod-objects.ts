import type { Condition, IntOrString, KubernetesObject, ObjectMeta, QuantityText } from './objects.ts'

export interface ResourceRequirements {
  requests?: Record<string, QuantityText>
  limits?: Record<string, QuantityText>
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: {
    configMapKeyRef?: { name?: string; key: string; optional?: boolean }
    secretKeyRef?: { name?: string; key: string; optional?: boolean }
    fieldRef?: { apiVersion?: string; fieldPath: string }
    resourceFieldRef?: { containerName?: string; resource: string; divisor?: QuantityText }
  }
}

export interface EnvFromSource {
  prefix?: string
  configMapRef?: { name?: string; optional?: boolean }
  secretRef?: { name?: string; optional?: boolean }
}

export interface Probe {
  httpGet?: { path?: string; port: IntOrString; host?: string; scheme?: string }
  tcpSocket?: { port: IntOrString; host?: string }
  exec?: { command?: string[] }
  grpc?: { port: number; service?: string }
  initialDelaySeconds?: number
  timeoutSeconds?: number
  periodSeconds?: number
  successThreshold?: number
  failureThreshold?: number
}

export interface ContainerPort {
  name?: string
  containerPort: number
  hostPort?: number
  protocol?: string
}

export interface Container {
  name: string
  image?: string
  imagePullPolicy?: string
  command?: string[]
  args?: string[]
  env?: EnvVar[]
  envFrom?: EnvFromSource[]
  ports?: ContainerPort[]
  resources?: ResourceRequirements
  resizePolicy?: { resourceName: string; restartPolicy: string }[]
  /** `Always` in an init container makes it a sidecar. */
  restartPolicy?: string
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  terminationMessagePath?: string
  terminationMessagePolicy?: string
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[]
}

export interface Volume {
  name: string
  configMap?: { name?: string; optional?: boolean }
  secret?: { secretName?: string; optional?: boolean }
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean }
  emptyDir?: { medium?: string; sizeLimit?: QuantityText }
  hostPath?: { path: string; type?: string }
}

export interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
  nodeName?: string
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
  restartPolicy?: string
  terminationGracePeriodSeconds?: number
  activeDeadlineSeconds?: number
  serviceAccountName?: string
  hostNetwork?: boolean
  affinity?: Record<string, unknown>
  topologySpreadConstraints?: Record<string, unknown>[]
  priorityClassName?: string
  priority?: number
  schedulerName?: string
}

export interface PodTemplate {
  metadata?: ObjectMeta
  spec?: PodSpec
}

export interface ContainerStateWaiting {
  reason?: string
  message?: string
}

export interface ContainerStateRunning {
  startedAt?: string
}

export interface ContainerStateTerminated {
  exitCode: number
  signal?: number
  reason?: string
  message?: string
  startedAt?: string
  finishedAt?: string
  containerID?: string
}

export interface ContainerState {
  waiting?: ContainerStateWaiting
  running?: ContainerStateRunning
  terminated?: ContainerStateTerminated
}

export interface ContainerStatus {
  name: string
  image?: string
  imageID?: string
  containerID?: string
  ready: boolean
  started?: boolean
  restartCount: number
  state?: ContainerState
  lastState?: ContainerState
  resources?: ResourceRequirements
  allocatedResources?: Record<string, QuantityText>
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  reason?: string
  message?: string
  conditions?: Condition[]
  containerStatuses?: ContainerStatus[]
  initContainerStatuses?: ContainerStatus[]
  startTime?: string
  podIP?: string
  hostIP?: string
  qosClass?: 'Guaranteed' | 'Burstable' | 'BestEffort'
  resize?: string
  nominatedNodeName?: string
}

export interface Pod extends KubernetesObject {
  spec?: PodSpec
  status?: PodStatus
}
