import type { KubernetesObject } from './objects.ts'

export interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
  matchFields?: { key: string; operator: string; values?: string[] }[]
}

/** Terms of which one must hold; in a term, all must. */
export interface NodeSelector {
  nodeSelectorTerms?: NodeSelectorTerm[]
}

export interface PersistentVolume extends KubernetesObject {
  spec?: {
    accessModes?: string[]
    storageClassName?: string
    nodeAffinity?: { required?: NodeSelector }
    /** Where what is written lies on one node. */
    local?: { path: string }
    hostPath?: { path: string }
  }
  status?: { phase?: string }
}
