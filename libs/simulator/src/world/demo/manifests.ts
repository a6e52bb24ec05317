import type {
  Container,
  DaemonSet,
  Deployment,
  KubernetesObject,
  PodTemplate,
  Service,
  StatefulSet,
} from '@kubewise/kube'
import { BEHAVIOUR_PREFIX, type Behaviour } from '../behaviour/behaviour.ts'

export const DEMO_NAMESPACE = 'shop'

interface App {
  name: string
  image: string
  port?: number
  cpu: [request: string, limit: string]
  memory: [request: string, limit: string]
  env?: Record<string, string>
  configMap?: string
  behaviour: Partial<Behaviour>
}

function containerOf({ name, image, port, cpu, memory, env = {}, configMap }: App): Container {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    ...(port === undefined
      ? {}
      : {
          ports: [{ name: 'http', containerPort: port }],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, initialDelaySeconds: 6, periodSeconds: 5 },
        }),
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ...(configMap === undefined ? {} : { envFrom: [{ configMapRef: { name: configMap } }] }),
    resources: { requests: { cpu: cpu[0], memory: memory[0] }, limits: { cpu: cpu[1], memory: memory[1] } },
  }
}

function templateOf(app: App): PodTemplate {
  return {
    metadata: {
      labels: { app: app.name },
      annotations: { [`${BEHAVIOUR_PREFIX}${app.name}`]: JSON.stringify(app.behaviour) },
    },
    spec: { containers: [containerOf(app)], restartPolicy: 'Always', terminationGracePeriodSeconds: 30 },
  }
}

const metadata = (name: string) => ({ name, namespace: DEMO_NAMESPACE, labels: { app: name } })

function deployment(replicas: number, app: App, strategy: string = 'RollingUpdate'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(app.name),
    spec: {
      replicas,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy:
        strategy === 'Recreate'
          ? { type: strategy }
          : { type: strategy, rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      selector: { matchLabels: { app: app.name } },
      template: templateOf(app),
    },
  }
}

function statefulSet(replicas: number, app: App): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(app.name),
    spec: {
      replicas,
      serviceName: app.name,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      selector: { matchLabels: { app: app.name } },
      template: templateOf(app),
    },
  }
}

function daemonSet(app: App): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(app.name),
    spec: {
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      selector: { matchLabels: { app: app.name } },
      template: templateOf(app),
    },
  }
}

function service(name: string, port: number, isHeadless = false): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name),
    spec: {
      ...(isHeadless ? { clusterIP: 'None' } : {}),
      selector: { app: name },
      ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP' }],
    },
  }
}

function disruptionBudget(name: string, minAvailable: number): KubernetesObject & { spec: object } {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(name),
    spec: { minAvailable, selector: { matchLabels: { app: name } } },
  }
}

const WEB: App = {
  name: 'web',
  image: 'shop/web:2.4.1',
  port: 8080,
  cpu: ['100m', '400m'],
  memory: ['96Mi', '192Mi'],
  env: { API_URL: 'http://api:8080' },
  behaviour: {
    readyAfterSeconds: 4,
    memoryMi: 80,
    cpuMilli: 90,
    load: { daily: 0.5 },
    requiresEnv: { API_URL: 'http://api:8080' },
  },
}

const API: App = {
  name: 'api',
  image: 'shop/api:5.11.0',
  port: 8080,
  cpu: ['200m', '600m'],
  memory: ['128Mi', '256Mi'],
  env: { DB_HOST: 'db' },
  configMap: 'api-config',
  behaviour: {
    readyAfterSeconds: 5,
    memoryMi: 120,
    cpuMilli: 150,
    load: { daily: 0.5 },
    requiresService: 'db',
    requiresEnv: { DB_HOST: 'db' },
  },
}

const CART: App = {
  name: 'cart',
  image: 'shop/cart:3.0.7',
  port: 7000,
  cpu: ['100m', '300m'],
  memory: ['128Mi', '256Mi'],
  env: { DB_HOST: 'db' },
  behaviour: {
    readyAfterSeconds: 5,
    memoryMi: 110,
    cpuMilli: 60,
    load: { daily: 0.4 },
    requiresService: 'db',
    requiresEnv: { DB_HOST: 'db' },
  },
}

const DB: App = {
  name: 'db',
  image: 'shop/db:16.3',
  port: 5432,
  cpu: ['250m', '1'],
  memory: ['256Mi', '512Mi'],
  behaviour: { readyAfterSeconds: 6, memoryMi: 260, cpuMilli: 200, load: { daily: 0.4 } },
}

const WORKER: App = {
  name: 'worker',
  image: 'shop/worker:1.9.2',
  cpu: ['50m', '500m'],
  memory: ['64Mi', '128Mi'],
  behaviour: { memoryMi: 50, cpuMilli: 45, load: { daily: 0.3 } },
}

const SEARCH: App = {
  name: 'search',
  image: 'shop/search:0.8.3',
  port: 9200,
  cpu: ['100m', '400m'],
  memory: ['256Mi', '512Mi'],
  behaviour: { readyAfterSeconds: 6, memoryMi: 230, cpuMilli: 110, load: { daily: 0.5 } },
}

const MAILER: App = {
  name: 'mailer',
  image: 'shop/mailer:1.1.0',
  cpu: ['20m', '100m'],
  memory: ['32Mi', '64Mi'],
  env: { SMTP_HOST: 'smtp.example.com' },
  behaviour: { memoryMi: 26, cpuMilli: 8, load: { daily: 0.6 } },
}

const AGENT: App = {
  name: 'agent',
  image: 'shop/agent:4.2.0',
  cpu: ['20m', '100m'],
  memory: ['32Mi', '64Mi'],
  behaviour: { memoryMi: 24, cpuMilli: 10, load: { daily: 0.1 } },
}

/** A small shop that has opted in: eight workloads of three kinds with their Services and disruption budgets. */
export function demoManifests(): KubernetesObject[] {
  const managed = { 'kubewise.io/managed': 'true' }
  const config: KubernetesObject & { data: Record<string, string> } = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('api-config'),
    data: { FEATURE_CHECKOUT: 'on', PAGE_SIZE: '50' },
  }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEMO_NAMESPACE, labels: managed } },
    config,
    deployment(1, DB, 'Recreate'),
    service('db', 5432),
    deployment(3, API),
    service('api', 8080),
    deployment(3, WEB),
    service('web', 8080),
    statefulSet(3, CART),
    service('cart', 7000, true),
    deployment(4, WORKER),
    deployment(2, SEARCH),
    service('search', 9200),
    deployment(2, MAILER),
    daemonSet(AGENT),
    disruptionBudget('web', 2),
    disruptionBudget('cart', 2),
  ]
}
