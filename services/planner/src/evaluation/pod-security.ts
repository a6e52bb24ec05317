import type { PodTemplate, Volume } from '@kubewise/kube'
import { allContainers, type CheckedPodSpec, type SecuredContainer, type SecurityContext } from './pod-fields.ts'

/** What a template breaks of a level of the Pod Security Standards, and what of it cannot be judged here. */
export interface Findings {
  violations: string[]
  unsure: string[]
}

const CAPABILITIES: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])
const SELINUX_TYPES: ReadonlySet<string> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
])
const SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])
const PROFILES: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost'])
const RESTRICTED_VOLUMES: ReadonlySet<string> = new Set([
  'name',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

interface Judged {
  spec: CheckedPodSpec
  pod: SecurityContext
  containers: readonly SecuredContainer[]
}

const contextOf = ({ securityContext }: SecuredContainer): SecurityContext => securityContext ?? {}

/** Names the containers of which something holds. */
function where({ containers }: Judged, what: string, is: (context: SecurityContext, c: SecuredContainer) => boolean) {
  const names = containers.filter((container) => is(contextOf(container), container)).map(({ name }) => name)
  return names.length === 0 ? [] : [`${what} (${names.join(', ')})`]
}

const isForeignProfile = ({ appArmorProfile }: SecurityContext) => appArmorProfile?.type === 'Unconfined'
const isForeignLabel = ({ seLinuxOptions: options }: SecurityContext) =>
  options !== undefined && (!SELINUX_TYPES.has(options.type ?? '') || Boolean(options.user) || Boolean(options.role))

function baseline(judged: Judged): string[] {
  const { spec, pod } = judged
  const host = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true)
  const paths = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined)
  const sysctls = (pod.sysctls ?? []).filter(({ name }) => !SYSCTLS.has(name))
  return [
    ...(host.length > 0 ? [host.join(', ')] : []),
    ...(paths.length > 0 ? [`hostPath volumes (${paths.map(({ name }) => name).join(', ')})`] : []),
    ...where(judged, 'privileged', ({ privileged }) => privileged === true),
    ...where(judged, 'added capabilities', ({ capabilities }) =>
      (capabilities?.add ?? []).some((name) => !CAPABILITIES.has(name)),
    ),
    ...where(judged, 'host ports', (_, { ports }) => (ports ?? []).some(({ hostPort = 0 }) => hostPort !== 0)),
    ...where(judged, 'procMount', ({ procMount = 'Default' }) => procMount !== 'Default'),
    ...where(judged, 'AppArmor unconfined', isForeignProfile),
    ...(isForeignProfile(pod) ? ['AppArmor unconfined'] : []),
    ...where(judged, 'SELinux options', isForeignLabel),
    ...(isForeignLabel(pod) ? ['SELinux options'] : []),
    ...where(judged, 'seccomp unconfined', ({ seccompProfile }) => seccompProfile?.type === 'Unconfined'),
    ...(pod.seccompProfile?.type === 'Unconfined' ? ['seccomp unconfined'] : []),
    ...where(judged, 'host process', ({ windowsOptions }) => windowsOptions?.hostProcess === true),
    ...(pod.windowsOptions?.hostProcess === true ? ['host process'] : []),
    ...(sysctls.length > 0 ? [`sysctls (${sysctls.map(({ name }) => name).join(', ')})`] : []),
  ]
}

const isRestrictedVolume = (volume: Volume) => Object.keys(volume).every((key) => RESTRICTED_VOLUMES.has(key))

function restricted(judged: Judged): string[] {
  const { spec, pod } = judged
  const volumes = (spec.volumes ?? []).filter((volume) => !isRestrictedVolume(volume))
  return [
    ...where(
      judged,
      'allowPrivilegeEscalation is not false',
      ({ allowPrivilegeEscalation }) => allowPrivilegeEscalation !== false,
    ),
    ...where(
      judged,
      'capabilities are not restricted',
      ({ capabilities }) =>
        !(capabilities?.drop ?? []).includes('ALL') ||
        (capabilities?.add ?? []).some((name) => name !== 'NET_BIND_SERVICE'),
    ),
    ...where(judged, 'runAsNonRoot is not true', ({ runAsNonRoot }) => (runAsNonRoot ?? pod.runAsNonRoot) !== true),
    ...where(judged, 'runAsUser is 0', ({ runAsUser }) => runAsUser === 0),
    ...(pod.runAsUser === 0 ? ['runAsUser is 0'] : []),
    ...where(
      judged,
      'seccompProfile is not RuntimeDefault or Localhost',
      ({ seccompProfile }) => !PROFILES.has((seccompProfile ?? pod.seccompProfile)?.type ?? ''),
    ),
    ...(volumes.length > 0 ? [`restricted volume types (${volumes.map(({ name }) => name).join(', ')})`] : []),
  ]
}

/** Fields whose rules changed between versions of the standard, or that depend on what is not in the template. */
function unsureOf(judged: Judged): string[] {
  const { spec, containers } = judged
  const hasHost = containers.some(({ livenessProbe, readinessProbe, startupProbe }) =>
    [livenessProbe, readinessProbe, startupProbe].some(
      (probe) => Boolean(probe?.httpGet?.host) || Boolean(probe?.tcpSocket?.host),
    ),
  )
  return [...(spec.os?.name === 'windows' ? ['a Windows pod'] : []), ...(hasHost ? ['a probe of another host'] : [])]
}

/** Annotations stood for the AppArmor profile before there was a field. */
function annotatedAppArmor({ metadata }: PodTemplate): string[] {
  const isForeign = Object.entries(metadata?.annotations ?? {}).some(
    ([key, value]) =>
      key.startsWith('container.apparmor.security.beta.kubernetes.io/') &&
      value !== 'runtime/default' &&
      !value.startsWith('localhost/'),
  )
  return isForeign ? ['AppArmor unconfined'] : []
}

/**
 * What a pod from this template breaks of a level; nothing of `privileged`.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function podSecurity(level: string, template: PodTemplate): Findings {
  if (level === 'privileged' || !template.spec) return { violations: [], unsure: [] }
  if (level !== 'baseline' && level !== 'restricted')
    return { violations: [], unsure: [`the level "${level.slice(0, 63)}"`] }
  const spec: CheckedPodSpec = template.spec
  const judged = { spec, pod: spec.securityContext ?? {}, containers: allContainers(spec) }
  const violations = [
    ...baseline(judged),
    ...annotatedAppArmor(template),
    ...(level === 'restricted' ? restricted(judged) : []),
  ]
  return { violations, unsure: unsureOf(judged) }
}
