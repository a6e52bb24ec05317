import assert from 'node:assert/strict'
import { parseResourceRequest } from './request-info.ts'

describe('what a request is about', () => {
  for (const [method, path, expected] of [
    ['GET', '/api/v1/pods', { verb: 'list', group: '', version: 'v1', resource: 'pods' }],
    ['GET', '/api/v1/pods?watch=true', { verb: 'watch', group: '', version: 'v1', resource: 'pods' }],
    [
      'GET',
      '/api/v1/namespaces/shop/pods/a',
      { verb: 'get', group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'a' },
    ],
    [
      'POST',
      '/api/v1/namespaces/shop/pods/a/eviction',
      {
        verb: 'create',
        group: '',
        version: 'v1',
        resource: 'pods',
        namespace: 'shop',
        name: 'a',
        subresource: 'eviction',
      },
    ],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/shop/deployments/web/scale',
      {
        verb: 'patch',
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        namespace: 'shop',
        name: 'web',
        subresource: 'scale',
      },
    ],
    [
      'DELETE',
      '/apis/apps/v1/namespaces/shop/deployments',
      { verb: 'deletecollection', group: 'apps', version: 'v1', resource: 'deployments', namespace: 'shop' },
    ],
    ['GET', '/api/v1/namespaces', { verb: 'list', group: '', version: 'v1', resource: 'namespaces' }],
    [
      'GET',
      '/api/v1/namespaces/shop',
      { verb: 'get', group: '', version: 'v1', resource: 'namespaces', namespace: 'shop', name: 'shop' },
    ],
    [
      'PUT',
      '/api/v1/namespaces/shop/finalize',
      {
        verb: 'update',
        group: '',
        version: 'v1',
        resource: 'namespaces',
        namespace: 'shop',
        name: 'shop',
        subresource: 'finalize',
      },
    ],
    ['GET', '/api/v1/nodes/a%2Fb', { verb: 'get', group: '', version: 'v1', resource: 'nodes', name: 'a/b' }],
    ['GET', '/version', undefined],
    ['GET', '/apis/apps/v1', undefined],
    ['GET', '/api', undefined],
  ] as const) {
    it(`${method} ${path}`, () => assert.deepEqual(parseResourceRequest(method, new URL(path, 'http://x')), expected))
  }
})
