import type {
  Condition,
  IntOrString,
  KubernetesObject,
  LabelSelector,
  ObjectReference,
  QuantityText,
} from './objects.ts'

export interface Namespace extends KubernetesObject {
  status?: { phase?: string; conditions?: Condition[] }
}

export interface Taint {
  key: string
  value?: string
  effect: string
  timeAdded?: string
}

export interface Node extends KubernetesObject {
  spec?: { unschedulable?: boolean; taints?: Taint[]; podCIDR?: string; providerID?: string }
  status?: {
    conditions?: Condition[]
    capacity?: Record<string, QuantityText>
    allocatable?: Record<string, QuantityText>
    /** What lies on it already, each by all its names; the kubelet names at most 50. */
    images?: { names?: string[]; sizeBytes?: number }[]
    addresses?: { type: string; address: string }[]
    nodeInfo?: { kubeletVersion?: string; osImage?: string; containerRuntimeVersion?: string; architecture?: string }
  }
}

export interface ServicePort {
  name?: string
  port: number
  targetPort?: IntOrString
  nodePort?: number
  protocol?: string
}

export interface Service extends KubernetesObject {
  spec?: {
    type?: string
    clusterIP?: string
    externalName?: string
    selector?: Record<string, string>
    ports?: ServicePort[]
    publishNotReadyAddresses?: boolean
  }
}

export interface Endpoint {
  addresses: string[]
  /** An absent `ready` means ready, by the API's own definition. */
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  hostname?: string
  nodeName?: string
  targetRef?: ObjectReference
}

export interface EndpointSlice extends KubernetesObject {
  addressType?: string
  endpoints?: Endpoint[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}

export interface PodDisruptionBudget extends KubernetesObject {
  spec?: {
    minAvailable?: IntOrString
    maxUnavailable?: IntOrString
    selector?: LabelSelector
    unhealthyPodEvictionPolicy?: string
  }
  status?: {
    observedGeneration?: number
    disruptionsAllowed?: number
    currentHealthy?: number
    desiredHealthy?: number
    expectedPods?: number
    disruptedPods?: Record<string, string>
    conditions?: Condition[]
  }
}

export interface HorizontalPodAutoscaler extends KubernetesObject {
  spec?: {
    scaleTargetRef?: { apiVersion?: string; kind: string; name: string }
    minReplicas?: number
    maxReplicas?: number
    metrics?: Record<string, unknown>[]
    behavior?: Record<string, unknown>
  }
  status?: {
    observedGeneration?: number
    currentReplicas?: number
    desiredReplicas?: number
    lastScaleTime?: string
    currentMetrics?: Record<string, unknown>[]
    conditions?: Condition[]
  }
}

export interface PersistentVolumeClaim extends KubernetesObject {
  spec?: {
    storageClassName?: string
    volumeName?: string
    accessModes?: string[]
    resources?: { requests?: Record<string, QuantityText> }
  }
  status?: { phase?: string; capacity?: Record<string, QuantityText>; conditions?: Condition[] }
}

export interface ResourceQuota extends KubernetesObject {
  spec?: {
    hard?: Record<string, QuantityText>
    scopes?: string[]
    scopeSelector?: { matchExpressions?: { scopeName: string; operator: string; values?: string[] }[] }
  }
  status?: { hard?: Record<string, QuantityText>; used?: Record<string, QuantityText> }
}

export interface LimitRange extends KubernetesObject {
  spec?: {
    limits?: {
      type: string
      max?: Record<string, QuantityText>
      min?: Record<string, QuantityText>
      default?: Record<string, QuantityText>
      defaultRequest?: Record<string, QuantityText>
      maxLimitRequestRatio?: Record<string, QuantityText>
    }[]
  }
}

export interface StorageClass extends KubernetesObject {
  provisioner?: string
  /** An absent one is Immediate. */
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer'
  allowVolumeExpansion?: boolean
  reclaimPolicy?: string
}

export interface PriorityClass extends KubernetesObject {
  value?: number
  globalDefault?: boolean
  preemptionPolicy?: string
}

export interface NetworkPolicy extends KubernetesObject {
  spec?: {
    podSelector?: LabelSelector
    policyTypes?: string[]
    ingress?: Record<string, unknown>[]
    egress?: Record<string, unknown>[]
  }
}

/** One webhook of a configuration, as far as who it may stop. */
export interface AdmissionWebhook {
  name: string
  /** An absent one is Fail. */
  failurePolicy?: 'Fail' | 'Ignore'
  clientConfig?: { url?: string; service?: { namespace: string; name: string; path?: string; port?: number } }
  rules?: { apiGroups?: string[]; apiVersions?: string[]; operations?: string[]; resources?: string[] }[]
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  timeoutSeconds?: number
}

/** A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration. */
export interface WebhookConfiguration extends KubernetesObject {
  webhooks?: AdmissionWebhook[]
}

/** What a pod uses now, as metrics-server tells it. */
export interface PodMetrics extends KubernetesObject {
  containers?: { name: string; usage?: Record<string, QuantityText> }[]
}

export interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>
}

/** An Event of `events.k8s.io/v1`. The deprecated fields are how the kubelet and controllers still fill them. */
export interface EventObject extends KubernetesObject {
  eventTime?: string | null
  type?: string
  reason?: string
  action?: string
  note?: string
  regarding?: ObjectReference
  related?: ObjectReference
  reportingController?: string
  reportingInstance?: string
  series?: { count: number; lastObservedTime: string }
  deprecatedCount?: number
  deprecatedFirstTimestamp?: string | null
  deprecatedLastTimestamp?: string | null
  deprecatedSource?: { component?: string; host?: string }
}

/** The same Event through the core group (`v1`): other names for the same fields. */
export interface CoreEventObject extends KubernetesObject {
  involvedObject?: ObjectReference
  related?: ObjectReference
  type?: string
  reason?: string
  action?: string
  message?: string
  count?: number
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  eventTime?: string | null
  reportingComponent?: string
  reportingInstance?: string
  series?: { count?: number; lastObservedTime?: string }
  source?: { component?: string; host?: string }
}
