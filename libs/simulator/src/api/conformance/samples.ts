/* Objects that the conformance requests send. */

export function configMap(name: string, rest: object = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' }, ...rest }
}

export const container = { name: 'app', image: 'busybox:1', command: ['sleep', '1000'] }

export function podTemplate(app: string, spec: object = {}) {
  return { metadata: { labels: { app } }, spec: { containers: [container], ...spec } }
}

function workload(kind: string, name: string, spec: object) {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name), ...spec },
  }
}

/** With no replicas, controllers have little to do with it. */
export function deployment(name: string, spec: object = {}) {
  return workload('Deployment', name, { replicas: 0, ...spec })
}

export function replicaSet(name: string, spec: object = {}) {
  return workload('ReplicaSet', name, { replicas: 0, ...spec })
}

export function statefulSet(name: string, spec: object = {}) {
  return workload('StatefulSet', name, { replicas: 0, serviceName: name, ...spec })
}

export function daemonSet(name: string, spec: object = {}) {
  return workload('DaemonSet', name, spec)
}

export function pod(name: string, spec: object = {}, metadata: object = {}) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { containers: [container], ...spec } }
}

export function job(name: string, spec: object = {}) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } }, ...spec },
  }
}

export function cronJob(name: string, spec: object = {}) {
  const template = { spec: { restartPolicy: 'OnFailure', containers: [container] } }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: { template } }, ...spec },
  }
}

export function budget(name: string, spec: object) {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec }
}

export function autoscaler(name: string, spec: object = {}) {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'absent' }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  }
}

export function service(name: string, spec: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  }
}
