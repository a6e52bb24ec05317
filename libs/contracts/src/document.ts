import type { Decoder } from './decode.ts'

/** What every document of the record has; `version` counts its writes and is set by the store. */
export interface StoredDocument {
  _id: string
  version: number
}

export type ServiceName = 'collector' | 'detector' | 'planner' | 'executor' | 'api'

export interface CollectionSpec<T extends StoredDocument> {
  name: string
  /** The one service that writes it (audit: one chain for each writer). */
  writer: readonly ServiceName[]
  decode: Decoder<T>
  indexes: readonly { fields: readonly string[]; isUnique?: boolean }[]
  /** A field in milliseconds since 1970 after which the document may be deleted. */
  expiresField?: string
  /** No circuit breaker may come between: what stops everything is asked for and set as long as there is any way to. */
  isUrgent?: boolean
}
