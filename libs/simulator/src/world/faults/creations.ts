import type { Job, Pod } from '@kubewise/kube'
import { BEHAVIOUR_PREFIX } from '../behaviour/behaviour.ts'

const RESOURCES = { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } }

/** A Job that works for a while and succeeds. */
export function newJob(namespace: string, name: string): Job {
  const annotations = { [`${BEHAVIOUR_PREFIX}report`]: JSON.stringify({ crashAfterSeconds: 15, exitCode: 0 }) }
  const containers = [
    { name: 'report', image: 'shop/report:1.2', imagePullPolicy: 'IfNotPresent', resources: RESOURCES },
  ]
  return {
    metadata: { name, namespace },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 3,
      template: { metadata: { labels: { app: 'report' }, annotations }, spec: { containers, restartPolicy: 'Never' } },
    },
  }
}

/** A pod that somebody started by hand and forgot. */
export function newBarePod(namespace: string, name: string): Pod {
  const command = ['sh', '-c', 'sleep 3; exit 1']
  const containers = [
    { name: 'shell', image: 'busybox:1', imagePullPolicy: 'IfNotPresent', command, resources: RESOURCES },
  ]
  return {
    metadata: { name, namespace, labels: { run: name } },
    spec: { containers, restartPolicy: 'Always', terminationGracePeriodSeconds: 30 },
    status: { phase: 'Pending', qosClass: 'Burstable' },
  }
}
