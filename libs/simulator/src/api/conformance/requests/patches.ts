import {
  APPLY_PATCH,
  creating,
  JSON_PATCH,
  MERGE_PATCH,
  patching,
  reading,
  replacing,
  STRATEGIC_PATCH,
  type ConformanceRequest,
} from '../request.ts'
import { configMap, container, deployment } from '../samples.ts'

const MAPS = '/api/v1/namespaces/{ns}/configmaps'
const WORK = '/apis/apps/v1/namespaces/{ns}/deployments'

const json = (say: string, body: unknown, path = `${MAPS}/patched`) =>
  patching(`by JSON patch: ${say}`, path, { contentType: JSON_PATCH, body })
const merge = (say: string, body: unknown, path = `${MAPS}/patched`) =>
  patching(`by merge: ${say}`, path, { contentType: MERGE_PATCH, body })
const strategic = (say: string, body: unknown, path = `${WORK}/patched`) =>
  patching(`by strategic merge: ${say}`, path, { contentType: STRATEGIC_PATCH, body })

const JSON_PATCHES: readonly ConformanceRequest[] = [
  creating('a ConfigMap to patch', MAPS, {
    body: configMap('patched'),
    save: { patchedVersion: 'metadata.resourceVersion' },
  }),
  json('by a test that holds', [
    { op: 'test', path: '/data/a', value: '1' },
    { op: 'replace', path: '/data/a', value: '2' },
  ]),
  json('by a test that fails', [
    { op: 'test', path: '/data/a', value: 'other' },
    { op: 'replace', path: '/data/a', value: '3' },
  ]),
  json('by a test of what is not there', [{ op: 'test', path: '/data/absent', value: 'x' }]),
  json('by a test of the version that was read', [
    { op: 'test', path: '/metadata/resourceVersion', value: '{patchedVersion}' },
    { op: 'replace', path: '/data/a', value: '3' },
  ]),
  json('removing what is not there', [{ op: 'remove', path: '/data/absent' }]),
  json('replacing what is not there', [{ op: 'replace', path: '/data/absent', value: 'x' }]),
  json('adding below what is not there', [{ op: 'add', path: '/nowhere/absent', value: 'x' }]),
  json('by an operation that is unknown', [{ op: 'swap', path: '/data/a', value: 'x' }]),
  json('by what is no list', { op: 'add', path: '/data/a', value: 'x' }),
  json('adding, copying, moving, removing', [
    { op: 'add', path: '/data/b', value: 'new' },
    { op: 'copy', from: '/data/b', path: '/data/c' },
    { op: 'move', from: '/data/c', path: '/data/d' },
    { op: 'remove', path: '/data/b' },
  ]),
  json('into a wrong type', [{ op: 'add', path: '/data/e', value: 5 }]),
  json('an object that does not exist', [{ op: 'add', path: '/data/e', value: 'x' }], `${MAPS}/absent`),
  json('in dry run', [{ op: 'add', path: '/data/dry', value: 'x' }], `${MAPS}/patched?dryRun=All`),
  json('the name', [{ op: 'replace', path: '/metadata/name', value: 'other' }]),
]

const MERGES: readonly ConformanceRequest[] = [
  merge('a value in, another out', { data: { a: null, f: 'new' } }),
  merge('a label and an annotation', { metadata: { labels: { x: 'y' }, annotations: { 'example.io/note': 'text' } } }),
  merge('by the version that was read first', { metadata: { resourceVersion: '{patchedVersion}' }, data: { a: 'x' } }),
  merge('by another uid', { metadata: { uid: '00000000-0000-4000-8000-000000000000' } }),
  merge('a wrong type', { data: 'text' }),
  merge('what is no object', [1]),
  merge('a bad label', { metadata: { labels: { x: 'not good' } } }),
  patching('with an unknown content type', `${MAPS}/patched`, { contentType: 'application/nonsense', body: {} }),
  patching('with the content type of an object', `${MAPS}/patched`, { contentType: 'application/json', body: {} }),
  merge('an unknown field', { nonsense: 1 }),
  patching('an unknown field, strictly', `${MAPS}/patched?fieldValidation=Strict`, {
    contentType: MERGE_PATCH,
    body: { nonsense: 1 },
  }),
  patching('with force, which only apply has', `${MAPS}/patched?force=true`, {
    contentType: MERGE_PATCH,
    body: { data: { a: 'x' } },
  }),
]

const sidecar = { name: 'sidecar', image: 'busybox:1' }
const containers = (...list: object[]) => ({ spec: { template: { spec: { containers: list } } } })

const STRATEGIC: readonly ConformanceRequest[] = [
  creating('a Deployment to patch', WORK, {
    body: deployment('patched', {
      template: {
        metadata: { labels: { app: 'patched' } },
        spec: {
          containers: [
            {
              ...container,
              env: [
                { name: 'A', value: '1' },
                { name: 'B', value: '2' },
              ],
              ports: [{ containerPort: 80, name: 'http' }],
            },
          ],
          volumes: [{ name: 'v', emptyDir: {} }],
          tolerations: [{ key: 'a', operator: 'Exists' }],
        },
      },
    }),
  }),
  strategic('the image of a container by its name', containers({ name: 'app', image: 'busybox:2' })),
  strategic('a container more', containers(sidecar)),
  strategic('a container away', containers({ name: 'sidecar', $patch: 'delete' })),
  strategic(
    'a variable in, another changed',
    containers({
      name: 'app',
      env: [
        { name: 'B', value: '3' },
        { name: 'C', value: '4' },
      ],
    }),
  ),
  strategic('a variable away', containers({ name: 'app', env: [{ name: 'A', $patch: 'delete' }] })),
  strategic(
    'all variables replaced',
    containers({ name: 'app', env: [{ $patch: 'replace' }, { name: 'Z', value: '9' }] }),
  ),
  strategic('a port more', containers({ name: 'app', ports: [{ containerPort: 443, name: 'https' }] })),
  strategic('another kind of volume', {
    spec: {
      template: {
        spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'plain' } }] },
      },
    },
  }),
  strategic('tolerations, which are replaced as a whole', {
    spec: { template: { spec: { tolerations: [{ key: 'b', operator: 'Exists' }] } } },
  }),
  strategic('another strategy with what it keeps', { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
  strategic('an item without its key', containers({ image: 'busybox:3' })),
  strategic('an unknown directive', { spec: { $patch: 'nonsense' } }),
  strategic('the order of containers', {
    spec: {
      template: {
        spec: { '$setElementOrder/containers': [{ name: 'sidecar' }, { name: 'app' }], containers: [sidecar] },
      },
    },
  }),
  strategic('finalizers by value', { metadata: { finalizers: ['example.io/a', 'example.io/b'] } }),
  strategic('a finalizer away by value', {
    metadata: { '$deleteFromPrimitiveList/finalizers': ['example.io/a', 'example.io/b'] },
  }),
  strategic('the selector, which is immutable', { spec: { selector: { matchLabels: { app: 'other' } } } }),
  strategic('a negative number of replicas', { spec: { replicas: -1 } }),
  strategic('a number of replicas that is text', { spec: { replicas: 'two' } }),
  strategic('an unknown quantity', containers({ name: 'app', resources: { limits: { cpu: 'much' } } })),
  strategic(
    'more requested than the limit',
    containers({ name: 'app', resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
  ),
  strategic(
    'limits in other spellings',
    containers({ name: 'app', resources: { limits: { cpu: '0.5', memory: '1024Mi' } } }),
  ),
  strategic('an annotation of the template, as a restart does', {
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } } } },
  }),
  strategic('in dry run', { spec: { replicas: 0, paused: true } }, `${WORK}/patched?dryRun=All`),
  json(
    'the whole template, as a roll back does',
    [
      {
        op: 'replace',
        path: '/spec/template',
        value: { metadata: { labels: { app: 'patched' } }, spec: { containers: [container] } },
      },
    ],
    `${WORK}/patched`,
  ),
]

function config(data: object, name = 'applied') {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}

const apply = (say: string, body: unknown, query: string, path = `${MAPS}/applied`): ConformanceRequest =>
  patching(`by apply: ${say}`, `${path}?${query}`, { contentType: APPLY_PATCH, body })

const APPLIES: readonly ConformanceRequest[] = [
  apply('an object that does not exist', config({ a: '1', b: '2' }), 'fieldManager=alice'),
  apply('the same again', config({ a: '1', b: '2' }), 'fieldManager=alice'),
  apply('one field less, which goes', config({ a: '1' }), 'fieldManager=alice'),
  apply('a field of another manager', config({ c: '3' }), 'fieldManager=bob'),
  apply('another value for a field of another manager', config({ a: 'mine' }), 'fieldManager=bob'),
  apply('the same value for a field of another manager', config({ a: '1', c: '3' }), 'fieldManager=bob'),
  apply('another value by force', config({ a: 'mine', c: '3' }), 'fieldManager=bob&force=true'),
  apply('in dry run', config({ a: 'dry' }), 'fieldManager=bob&force=true&dryRun=All'),
  apply('without a manager', config({ a: '1' }), 'force=true'),
  apply('another kind', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'applied' } }, 'fieldManager=alice'),
  apply('another version', { ...config({}), apiVersion: 'v2' }, 'fieldManager=alice'),
  apply('another name', config({}, 'other'), 'fieldManager=alice'),
  apply('an unknown field', { ...config({}), nonsense: 1 }, 'fieldManager=alice'),
  merge('a field of an applier, by an update', { data: { a: 'updated' } }, `${MAPS}/applied?fieldManager=carol`),
  apply('over the update', config({ a: 'mine', c: '3' }), 'fieldManager=bob'),
  replacing('all with the managed fields wiped', `${MAPS}/applied`, {
    body: { ...config({ a: '1' }), metadata: { name: 'applied', managedFields: [] } },
  }),
  reading('an object whose managed fields were wiped', `${MAPS}/applied`),
  apply(
    'a Deployment',
    deployment('applied', {
      template: { metadata: { labels: { app: 'applied' } }, spec: { containers: [container] } },
    }),
    'fieldManager=alice',
    `${WORK}/applied`,
  ),
  apply(
    'a container of another manager',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'applied' },
      spec: { template: { spec: { containers: [sidecar] } } },
    },
    'fieldManager=bob',
    `${WORK}/applied`,
  ),
  apply(
    'no containers any more',
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'applied' } },
    'fieldManager=bob',
    `${WORK}/applied`,
  ),
  apply(
    'one container twice',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'applied' },
      spec: { template: { spec: { containers: [sidecar, sidecar] } } },
    },
    'fieldManager=bob',
    `${WORK}/applied`,
  ),
]

export const PATCHES: readonly ConformanceRequest[] = [...JSON_PATCHES, ...MERGES, ...STRATEGIC, ...APPLIES]
