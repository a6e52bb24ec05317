import type { ContainerStatus, Pod } from '@kubewise/kube'

/** The word for the state of a container that keeps its pod from being well. */
function troubleOf({ state }: ContainerStatus): string | undefined {
  const { waiting, terminated } = state ?? {}
  if (waiting?.reason !== undefined && waiting.reason !== '') return waiting.reason
  if (terminated === undefined) return undefined
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason
  return terminated.signal === undefined ? `ExitCode:${terminated.exitCode}` : `Signal:${terminated.signal}`
}

/** The one word of `kubectl get pods`: the phase, or what is the matter. */
export function podStatus({ metadata, status = {} }: Pod): string {
  if (metadata?.deletionTimestamp !== undefined) return 'Terminating'
  const stuck = (status.initContainerStatuses ?? []).find(({ state }) => state?.terminated?.exitCode !== 0)
  const init = stuck && troubleOf(stuck)
  if (init !== undefined) return `Init:${init}`
  const trouble = (status.containerStatuses ?? []).map(troubleOf).filter((word) => word !== undefined)
  return trouble[trouble.length - 1] ?? status.reason ?? status.phase ?? 'Unknown'
}
