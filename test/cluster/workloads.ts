import type { KubernetesObject, Resource } from '@kubewise/kube'
import { RESOURCES } from '@kubewise/kube'

const IMAGE = 'busybox:1'

interface WorkloadOptions {
  /** A claim whose volume it has at /data. */
  claim?: string
  name: string
  replicas?: number
  script: string
  limits?: Record<string, string>
  env?: Record<string, string>
  kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readiness?: string
}

/** A workload of busybox containers whose script takes its end at once. */
export function workload({
  name,
  replicas = 1,
  script,
  limits,
  env = {},
  kind = 'Deployment',
  readiness,
  claim,
}: WorkloadOptions): { resource: Resource; object: KubernetesObject } {
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'app',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/sh', '-c', `trap 'exit 0' TERM\n${script}`],
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          ...(limits && {
            resources: {
              limits,
              requests: Object.fromEntries(Object.keys(limits).map((key) => [key, key === 'cpu' ? '10m' : '8Mi'])),
            },
          }),
          ...(readiness && { readinessProbe: { exec: { command: ['/bin/sh', '-c', readiness] }, periodSeconds: 1 } }),
          volumeMounts: [
            { name: 'info', mountPath: '/info' },
            ...(claim === undefined ? [] : [{ name: 'data', mountPath: '/data' }]),
          ],
        },
      ],
      volumes: [
        {
          name: 'info',
          downwardAPI: { items: [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }] },
        },
        ...(claim === undefined ? [] : [{ name: 'data', persistentVolumeClaim: { claimName: claim } }]),
      ],
    },
  }
  const selector = { matchLabels: { app: name } }
  const spec =
    kind === 'DaemonSet'
      ? { selector, template }
      : kind === 'StatefulSet'
        ? { serviceName: name, replicas, selector, template }
        : { replicas, selector, template }
  return { resource: RESOURCES[kind], object: { metadata: { name }, spec } as KubernetesObject }
}

/** Sleeps; ends at once when told to. */
export const IDLE = 'while :; do sleep 1 & wait $!; done'
/** Ends with 1 where the environment is bad. */
export const NEEDS_GOOD_HOST = `[ "$DB_HOST" != bad ] || exit 1\n${IDLE}`
/** Holds about 40 MiB in a variable of the shell itself, then is ready. */
export const HUNGRY = `sleep 2\nheld=$(head -c 20000000 /dev/zero | tr '\\0' x)\ntouch /tmp/ready\n${IDLE}`
/** Spins from the moment that its pod is annotated so. */
export const RUNS_AWAY = `while ! grep -q runaway /info/annotations; do sleep 1 & wait $!; done\nwhile :; do :; done`

/** A Job that runs to its end. */
export const job = (name: string): { resource: Resource; object: KubernetesObject } => ({
  resource: RESOURCES.Job,
  object: {
    metadata: { name },
    spec: {
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent', command: ['/bin/true'] }],
        },
      },
    },
  } as KubernetesObject,
})

/** A pod that nothing would bring back, and that crashes. */
export const barePod = (name: string): { resource: Resource; object: KubernetesObject } => ({
  resource: RESOURCES.Pod,
  object: {
    metadata: { name },
    spec: {
      containers: [
        { name: 'app', image: IMAGE, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', 'exit 1'] },
      ],
    },
  } as KubernetesObject,
})
