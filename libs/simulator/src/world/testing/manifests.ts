import type { Container, DaemonSet, Deployment, KubernetesObject, PodTemplate, StatefulSet } from '@kubewise/kube'
import { BEHAVIOUR_PREFIX, type Behaviour } from '../behaviour/behaviour.ts'
import { NAMESPACE } from './test-world.ts'

export interface AppWish {
  replicas?: number
  behaviour?: Partial<Behaviour>
  container?: Partial<Container>
  spec?: Record<string, unknown>
}

const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels: { app: name } })

export function template(name: string, { behaviour = {}, container = {} }: AppWish = {}): PodTemplate {
  const resources = { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } }
  return {
    metadata: { labels: { app: name }, annotations: { [`${BEHAVIOUR_PREFIX}app`]: JSON.stringify(behaviour) } },
    spec: { containers: [{ name: 'app', image: `${name}:1`, resources, ...container }] },
  }
}

export function deployment(name: string, wish: AppWish = {}): Deployment {
  const { replicas = 1, spec = {} } = wish
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(name),
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, wish), ...spec },
  }
}

export function statefulSet(name: string, wish: AppWish = {}): StatefulSet {
  const { replicas = 1, spec = {} } = wish
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(name),
    spec: {
      replicas,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: template(name, wish),
      ...spec,
    },
  }
}

export function daemonSet(name: string, wish: AppWish = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(name),
    spec: { selector: { matchLabels: { app: name } }, template: template(name, wish), ...wish.spec },
  }
}

export function object(apiVersion: string, kind: string, name: string, rest: object): KubernetesObject {
  return { apiVersion, kind, metadata: metadata(name), ...rest }
}
