import type { Backend } from './backend.ts'
import { documentsContract } from './documents.ts'
import { lifecycleContract } from './lifecycle.ts'
import { queriesContract } from './queries.ts'
import { writesContract } from './writes.ts'

/** What every driver must do; a new one is held to it by one line in its test. */
export function storeContract(backend: () => Backend): void {
  describe('writes', () => writesContract(backend))
  describe('documents', () => documentsContract(backend))
  describe('queries', () => queriesContract(backend))
  describe('life and death', () => lifecycleContract(backend))
}
