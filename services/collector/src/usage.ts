/** What is used at some moment, as the kubelet and metrics-server tell it; without what it is measured against. */

/** A number and the time at which it was measured. */
export interface Reading {
  value: number
  timeMs: number
}

export interface ContainerUsage {
  name: string
  /** Cores. */
  cpu?: Reading
  /** The working set, bytes. */
  memory?: Reading
}

export interface PodUsage {
  namespace: string
  name: string
  containers: ContainerUsage[]
  /** Of writable layers, logs and emptyDirs, bytes. */
  ephemeralStorage?: Reading
  /** Counters, bytes. */
  received?: Reading
  sent?: Reading
}

export interface ClaimUsage {
  namespace: string
  claim: string
  usedPct?: Reading
  inodesPct?: Reading
}

export interface NodeUsage {
  name: string
  /** Cores. */
  cpu?: Reading
  /** The working set, bytes. */
  memory?: Reading
  /** Of the fullest of its file systems. */
  diskPct?: Reading
  inodesPct?: Reading
}

export interface Usage {
  nodes: NodeUsage[]
  pods: PodUsage[]
  claims: ClaimUsage[]
  /** Members that were there and could not be read; each is left out alone. */
  malformed: number
}
