import type { KubernetesObject } from '@kubewise/kube'
import type { Clock } from '@kubewise/service'
import type { Etcd } from '../../objects/object-store.ts'
import type { Authorizer } from '../access/authorizer.ts'
import type { Tokens } from '../access/tokens.ts'
import type { User } from '../access/user.ts'
import type { ApiResource } from '../resources.ts'
import type { ChangeHistory } from '../watch/change-history.ts'
import type { ResourceRequest } from './request-info.ts'

/** What the handlers work with. */
export interface ApiContext {
  etcd: Etcd
  clock: Clock
  random: () => number
  history: ChangeHistory
  authorizer: Authorizer
  tokens: Tokens
}

/** A request for a resource, from a known user who may make it. */
export interface ApiRequest extends ResourceRequest {
  target: ApiResource
  query: URLSearchParams
  user: User
  /** Names the program that asks; the manager of the fields it writes where it names none. */
  userAgent: string
  /** The media type of the body, without parameters. */
  contentType: string
  /** The parsed body; undefined where there is none. */
  body: unknown
}

export interface Answer {
  status: number
  body: object
  /** What the client did that it should not have. */
  warnings?: string[]
}

/** One line of a watch. */
export interface WatchFrame {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: KubernetesObject | object
}

/** An answer that goes on until either side ends it. */
export interface WatchAnswer {
  watch: (send: (frame: WatchFrame) => void, end: () => void) => () => void
}

export type Handler = (request: ApiRequest, context: ApiContext) => Answer | WatchAnswer
