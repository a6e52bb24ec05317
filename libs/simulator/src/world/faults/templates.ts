import type { Container, PodTemplate } from '@kubewise/kube'
import { BEHAVIOUR_PREFIX, behaviourOf } from '../behaviour/behaviour.ts'

/** Changes of a pod template as a person makes them. Each returns a new template. */
export type TemplateChange = (template: PodTemplate) => PodTemplate

function withFirstContainer(template: PodTemplate, change: (container: Container) => Container): PodTemplate {
  const [first, ...others] = template.spec?.containers ?? []
  if (!first) return template
  return { ...template, spec: { ...template.spec, containers: [change(first), ...others] } }
}

function withEnv(container: Container, name: string, value: string): Container {
  return { ...container, env: [...(container.env ?? []).filter((one) => one.name !== name), { name, value }] }
}

/** What a pipeline leaves on each release, so that no two are the same: putting the very same back would be a revert. */
export function released(release: string): TemplateChange {
  return (template) => ({
    ...template,
    metadata: { ...template.metadata, annotations: { ...template.metadata?.annotations, release } },
  })
}

/** `kubectl set env deploy/web API_URL=bad`; a command that fails, for a container that minds no variable. */
export const breakStart: TemplateChange = (template) =>
  withFirstContainer(template, (container) => {
    const { requiresEnv } = behaviourOf(template.metadata?.annotations, container).behaviour
    const [name] = Object.entries(requiresEnv).find(([, value]) => value !== '*') ?? []
    return name ? withEnv(container, name, 'bad') : { ...container, command: ['sh', '-c', 'exit 1'] }
  })

/** `kubectl set image deploy/web web=shop/web:nope`. */
export const breakImage: TemplateChange = (template) =>
  withFirstContainer(template, (container) => ({
    ...container,
    image: `${(container.image ?? '').replace(/:[^/:]*$/, '')}:nope`,
  }))

/** A reference to settings that nobody has created. */
export const breakConfig: TemplateChange = (template) =>
  withFirstContainer(template, (container) => ({
    ...container,
    envFrom: [...(container.envFrom ?? []), { configMapRef: { name: `${container.name}-settings-next` } }],
  }))

/** A release that works, and takes 20 s to be ready. @param release makes it differ from the one before */
export function slowRelease(release: string): TemplateChange {
  return (template) => {
    const [first] = template.spec?.containers ?? []
    const key = `${BEHAVIOUR_PREFIX}${first?.name}`
    const behaviour = JSON.parse(template.metadata?.annotations?.[key] ?? '{}') as object
    const annotations = {
      ...template.metadata?.annotations,
      [key]: JSON.stringify({ ...behaviour, readyAfterSeconds: 20 }),
    }
    return withFirstContainer({ ...template, metadata: { ...template.metadata, annotations } }, (container) =>
      withEnv(container, 'RELEASE', release),
    )
  }
}
