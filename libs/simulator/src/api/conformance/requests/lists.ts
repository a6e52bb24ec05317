import { creating, deleting, MERGE_PATCH, patching, reading, watching, type ConformanceRequest } from '../request.ts'
import { configMap } from '../samples.ts'

const MAPS = '/api/v1/namespaces/{ns}/configmaps'

function labelled(name: string, labels: object) {
  return configMap(name, { metadata: { name, labels } })
}

const setUp = { isSetUp: true }

export const LISTS: readonly ConformanceRequest[] = [
  creating('a first labelled object', MAPS, { ...setUp, body: labelled('list-a', { suite: 'lists', tier: 'web' }) }),
  creating('a second labelled object', MAPS, { ...setUp, body: labelled('list-b', { suite: 'lists', tier: 'db' }) }),
  creating('a third labelled object', MAPS, { ...setUp, body: labelled('list-c', { suite: 'lists' }) }),
  reading('a list by a label', `${MAPS}?labelSelector=suite%3Dlists`),
  reading('a list by a set of labels', `${MAPS}?labelSelector=suite%3Dlists,tier%20in%20(web,db)`),
  reading('a list by what is not in a set', `${MAPS}?labelSelector=suite%3Dlists,tier%20notin%20(web)`),
  reading('a list by a label that is absent', `${MAPS}?labelSelector=suite%3Dlists,!tier`),
  reading('a list by a label that is another', `${MAPS}?labelSelector=suite%3Dlists,tier!%3Dweb`),
  reading('a list by what is no selector', `${MAPS}?labelSelector=a%20b`),
  reading('a list by name', `${MAPS}?fieldSelector=metadata.name%3Dlist-b`),
  reading(
    'a list by what is not the name',
    `${MAPS}?labelSelector=suite%3Dlists&fieldSelector=metadata.name!%3Dlist-b`,
  ),
  reading('a list by a field that cannot be selected by', `${MAPS}?fieldSelector=data.a%3D1`),
  reading('Pods by a field that cannot be selected by', '/api/v1/namespaces/{ns}/pods?fieldSelector=spec.nothing%3D1'),
  reading(
    'Pods by phase and node',
    '/api/v1/namespaces/{ns}/pods?fieldSelector=status.phase%3DRunning,spec.nodeName%3Dnone',
  ),
  reading(
    'Deployments by a field that cannot be selected by',
    '/apis/apps/v1/namespaces/{ns}/deployments?fieldSelector=spec.replicas%3D1',
  ),
  reading('what is no field selector', `${MAPS}?fieldSelector=nonsense`),
  reading('a first page', `${MAPS}?labelSelector=suite%3Dlists&limit=2`, {
    save: { next: 'metadata.continue', listVersion: 'metadata.resourceVersion' },
  }),
  reading('the next page', `${MAPS}?labelSelector=suite%3Dlists&limit=2&continue={next}`),
  reading('a page by what is no token', `${MAPS}?limit=2&continue=nonsense`),
  reading('a page of all', `${MAPS}?limit=1`),
  patching('an object while it is watched', `${MAPS}/list-a`, {
    ...setUp,
    contentType: MERGE_PATCH,
    body: { data: { a: '2' } },
  }),
  patching('an object out of a selection', `${MAPS}/list-b`, {
    ...setUp,
    contentType: MERGE_PATCH,
    body: { metadata: { labels: { suite: 'other' } } },
  }),
  deleting('an object while it is watched', `${MAPS}/list-c`, setUp),
  watching(
    'changes since a version',
    `${MAPS}?watch=true&resourceVersion={listVersion}&labelSelector=suite&timeoutSeconds=5`,
    { frames: 3 },
  ),
  watching(
    'changes of a selection',
    `${MAPS}?watch=true&resourceVersion={listVersion}&labelSelector=suite%3Dlists&timeoutSeconds=5`,
    { frames: 3 },
  ),
  watching('all there is, and on', `${MAPS}?watch=true&labelSelector=suite&timeoutSeconds=5`, { frames: 2 }),
  watching(
    'all there is, with its end marked',
    `${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=suite&timeoutSeconds=5`,
    { frames: 3 },
  ),
  watching('nothing, for a second', `${MAPS}?watch=true&labelSelector=suite%3Dnone&timeoutSeconds=1`, { frames: 1 }),
  watching('by what is no selector', `${MAPS}?watch=true&labelSelector=a%20b`, { frames: 1 }),
]
