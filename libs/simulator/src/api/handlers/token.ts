import { serviceAccountUser } from '../access/user.ts'
import { isJsonObject } from '../../objects/json.ts'
import { timestamp } from '../../objects/metadata.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { mustGet } from './read.ts'

const HOUR_SECONDS = 3600

/** `serviceaccounts/token`: a token for the account. It outlives the time that it names. */
export function createToken(request: ApiRequest, context: ApiContext): Answer {
  const { name = '', namespace = '' } = mustGet(request, context).metadata ?? {}
  const spec = isJsonObject(request.body) && isJsonObject(request.body['spec']) ? request.body['spec'] : {}
  const { expirationSeconds } = spec
  const seconds = typeof expirationSeconds === 'number' ? expirationSeconds : HOUR_SECONDS
  const now = context.clock.now()
  return {
    status: 201,
    body: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timestamp(now) },
      spec: {
        audiences: spec['audiences'] ?? ['https://kubernetes.default.svc'],
        expirationSeconds: seconds,
        boundObjectRef: null,
      },
      status: {
        token: context.tokens.issue(serviceAccountUser(namespace, name)),
        expirationTimestamp: timestamp(now + seconds * 1000),
      },
    },
  }
}
