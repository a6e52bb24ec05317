import type { KubernetesObject, Resource } from '@kubewise/kube'
import type { Answer, WatchAnswer } from '../http/api-request.ts'
import { columnsOf } from './columns.ts'
import { shortDuration } from './duration.ts'

interface List extends KubernetesObject {
  items?: KubernetesObject[]
}

/** kubectl asks for rows to print, before it asks for objects. */
export function wantsTable(accept: string | undefined): boolean {
  return (accept ?? '').split(',')[0]?.includes('as=Table') ?? false
}

function definitions(resource: Resource): object[] {
  const shown = columnsOf(resource).map(({ name, type }) => ({ name, type, format: '', description: '', priority: 0 }))
  const name = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }
  const age = { name: 'Age', type: 'string', format: '', description: '', priority: 0 }
  // Events tell their age themselves, and have no name that a person would know.
  return resource.kind === 'Event' && shown.length > 0 ? shown : [name, ...shown, age]
}

function row(resource: Resource, object: KubernetesObject, nowMs: number): object {
  const { name = '', creationTimestamp = '' } = object.metadata ?? {}
  const columns = columnsOf(resource)
  const shown = columns.map(({ cell }) => cell(object as never, nowMs))
  const age = shortDuration(nowMs - Date.parse(creationTimestamp))
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return {
    cells: resource.kind === 'Event' && columns.length > 0 ? shown : [name, ...shown, age],
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
  }
}

function tableOf(resource: Resource, objects: readonly KubernetesObject[], metadata: object, nowMs: number): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: definitions(resource),
    rows: objects.map((object) => row(resource, object, nowMs)),
  }
}

/** An answer to a read, as the rows that kubectl prints. */
export function asTable(answer: Answer | WatchAnswer, resource: Resource, now: () => number): Answer | WatchAnswer {
  if ('watch' in answer) {
    return {
      watch: (send, end) =>
        answer.watch(({ type, object }) => {
          const isObject = type !== 'ERROR' && type !== 'BOOKMARK'
          send({ type, object: isObject ? tableOf(resource, [object], {}, now()) : object })
        }, end),
    }
  }
  if (answer.status !== 200) return answer
  const body: List = answer.body
  const { resourceVersion } = body.metadata ?? {}
  const { items = [body] } = body
  return {
    ...answer,
    body: tableOf(resource, items, body.items === undefined ? { resourceVersion } : { ...body.metadata }, now()),
  }
}
