/** A cluster that breaks: a Kubernetes API and a Prometheus API over HTTP, with controllers, nodes and workloads behind them. */
export type { ApiControl, AuditEntry, Fault, ObjectStore, Simulator, SimulatorOptions } from './port.ts'
export { createSimulator } from './simulator.ts'
export { DEMO_NAMESPACE, demoManifests } from './world/demo/manifests.ts'
export { FAULTS, isFaultName, type FaultKind, type FaultName } from './world/faults/catalogue.ts'
