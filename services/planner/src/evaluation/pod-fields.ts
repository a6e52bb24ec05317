import type { Container, NodeSelector, PodSpec, QuantityText, StatefulSet, Volume } from '@kubewise/kube'

/** As much of a pod's or container's security context as Pod Security looks at. */
export interface SecurityContext {
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  runAsNonRoot?: boolean
  runAsUser?: number
  capabilities?: { add?: string[]; drop?: string[] }
  seccompProfile?: { type?: string }
  appArmorProfile?: { type?: string }
  seLinuxOptions?: { type?: string; user?: string; role?: string }
  windowsOptions?: { hostProcess?: boolean }
  procMount?: string
  sysctls?: { name: string }[]
}

export type SecuredContainer = Container & { securityContext?: SecurityContext }

interface PodAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: unknown[]
}

/** A pod's spec with the fields that only checks look at. */
export type CheckedPodSpec = PodSpec & {
  securityContext?: SecurityContext
  hostPID?: boolean
  hostIPC?: boolean
  os?: { name?: string }
  overhead?: Record<string, QuantityText>
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector }
    podAffinity?: PodAffinity
    podAntiAffinity?: PodAffinity
  }
  topologySpreadConstraints?: { whenUnsatisfiable?: string }[]
  ephemeralContainers?: Container[]
}

/** All containers of a pod, those that run before the others too. */
export const allContainers = (spec: PodSpec): readonly SecuredContainer[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
]

interface ClaimTemplate {
  metadata?: { name?: string }
}

/** The names of a StatefulSet's claim templates, each of which becomes a volume of its pods. */
export function claimTemplatesOf(target: unknown): string[] {
  const { spec } = (target ?? {}) as Pick<StatefulSet, 'spec'>
  const templates = (spec as { volumeClaimTemplates?: ClaimTemplate[] } | undefined)?.volumeClaimTemplates ?? []
  return templates.flatMap(({ metadata }) => metadata?.name ?? [])
}

/** The volumes of a StatefulSet's pod that its claim templates stand for. */
export const claimVolumes = (templates: readonly string[], podName: string): Volume[] =>
  templates.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-${podName}` } }))
