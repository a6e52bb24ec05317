import type {
  AdmissionWebhook,
  LimitRange,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  StorageClass,
} from '@kubewise/kube'
import type { Known } from '@kubewise/policy'

export type WebhookRule = NonNullable<AdmissionWebhook['rules']>[number] & { scope?: string }

/** An admission webhook, with what is known of the Service behind it. */
export interface Webhook extends AdmissionWebhook {
  rules?: WebhookRule[]
  matchConditions?: { name: string; expression: string }[]
  isMutating: boolean
  /** Has its Service a ready endpoint? Unknown for one that is called by URL. */
  isServed: Known<boolean>
}

/** Where a new pod has to find its place; each part known or not by itself. */
export interface Place {
  nodes: Known<readonly Node[]>
  /** Of the whole cluster, without those that have ended. */
  pods: Known<readonly Pod[]>
  /** Of the namespace, as are limit ranges and claims. */
  quotas: Known<readonly ResourceQuota[]>
  limitRanges: Known<readonly LimitRange[]>
  claims: Known<readonly PersistentVolumeClaim[]>
  webhooks: Known<readonly Webhook[]>
  volumes: Known<readonly PersistentVolume[]>
  classes: Known<readonly StorageClass[]>
}
