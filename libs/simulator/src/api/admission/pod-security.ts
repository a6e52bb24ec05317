import { RESOURCES, type Container, type Namespace, type Pod, type PodSpec } from '@kubewise/kube'
import { forbidden } from '../../objects/api-status.ts'
import type { Check } from './admission.ts'

interface SecurityContext {
  privileged?: boolean
  allowPrivilegeEscalation?: boolean
  runAsNonRoot?: boolean
  capabilities?: { add?: string[]; drop?: string[] }
  seccompProfile?: { type?: string }
}

type SecuredContainer = Container & { securityContext?: SecurityContext }
type SecuredSpec = PodSpec & { securityContext?: SecurityContext; hostPID?: boolean; hostIPC?: boolean }

const ENFORCE = 'pod-security.kubernetes.io/enforce'

function names(containers: readonly Container[]): string {
  const quoted = containers.map((container) => JSON.stringify(container.name)).join(', ')
  return containers.length === 1 ? `container ${quoted}` : `containers ${quoted}`
}

/** One finding that names the containers which fail the test, if any. */
function failing(
  containers: readonly SecuredContainer[],
  isFine: (container: SecuredContainer) => boolean,
  say: (who: string) => string,
): string[] {
  const found = containers.filter((container) => !isFine(container))
  return found.length === 0 ? [] : [say(names(found))]
}

function baseline(spec: SecuredSpec, containers: readonly SecuredContainer[]): string[] {
  const host = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true)
  const paths = (spec.volumes ?? []).filter((volume) => volume.hostPath !== undefined)
  const volumes = paths.map((volume) => JSON.stringify(volume.name)).join(', ')
  return [
    ...(host.length === 0 ? [] : [`host namespaces (${host.map((name) => `${name}=true`).join(', ')})`]),
    ...(paths.length === 0 ? [] : [`hostPath volumes (volume${paths.length === 1 ? '' : 's'} ${volumes})`]),
    ...failing(
      containers,
      (it) => it.securityContext?.privileged !== true,
      (who) => `privileged (${who} must not set securityContext.privileged=true)`,
    ),
  ]
}

function restricted(spec: SecuredSpec, containers: readonly SecuredContainer[]): string[] {
  const profiles = new Set(['RuntimeDefault', 'Localhost'])
  const hasProfile = (context: SecurityContext | undefined) => profiles.has(context?.seccompProfile?.type ?? '')
  return [
    ...failing(
      containers,
      (it) => it.securityContext?.allowPrivilegeEscalation === false,
      (who) => `allowPrivilegeEscalation != false (${who} must set securityContext.allowPrivilegeEscalation=false)`,
    ),
    ...failing(
      containers,
      (it) => it.securityContext?.capabilities?.drop?.includes('ALL') ?? false,
      (who) => `unrestricted capabilities (${who} must set securityContext.capabilities.drop=["ALL"])`,
    ),
    ...failing(
      containers,
      (it) => it.securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot ?? false,
      (who) => `runAsNonRoot != true (pod or ${who} must set securityContext.runAsNonRoot=true)`,
    ),
    ...failing(
      containers,
      (it) => hasProfile(it.securityContext) || hasProfile(spec.securityContext),
      (who) =>
        `seccompProfile (pod or ${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    ),
  ]
}

/** Pods keep to the security standard that their namespace enforces by label: the parts of it that workloads trip over. */
export const checkPodSecurity: Check = ({ operation, resource, subresource, namespace, name, object }, { objects }) => {
  if (operation !== 'CREATE' || resource.plural !== 'pods' || subresource !== undefined || namespace === undefined)
    return
  const labels = objects.get<Namespace>(RESOURCES.Namespace, undefined, namespace)?.metadata?.labels ?? {}
  const level = labels[ENFORCE]
  if (level !== 'restricted' && level !== 'baseline') return
  const spec: SecuredSpec = (object as Pod).spec ?? { containers: [] }
  const containers: SecuredContainer[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const found = [...baseline(spec, containers), ...(level === 'restricted' ? restricted(spec, containers) : [])]
  if (found.length === 0) return
  const version = labels[`${ENFORCE}-version`] ?? 'latest'
  throw forbidden(resource, name, `violates PodSecurity "${level}:${version}": ${found.join(', ')}`)
}
