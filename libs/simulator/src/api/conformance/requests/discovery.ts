import { creating, reading, type ConformanceRequest } from '../request.ts'

export const DISCOVERY: readonly ConformanceRequest[] = [
  reading('the core versions', '/api'),
  reading('a group', '/apis/apps'),
  reading('the health of the server', '/healthz'),
  reading('a group that does not exist', '/apis/nowhere.example'),
  reading('a version that does not exist', '/apis/apps/v9'),
  reading('a resource that does not exist', '/api/v1/namespaces/{ns}/nothings'),
  reading('a named object of a resource that does not exist', '/apis/apps/v1/namespaces/{ns}/nothings/a'),
  reading('a subresource that does not exist', '/apis/apps/v1/namespaces/{ns}/deployments/a/nothing'),
  reading('a path that does not exist', '/nowhere'),
  creating('a method that a resource does not have', '/api/v1/namespaces/{ns}/configmaps/some', { body: {} }),
]
