export { ApiStatus, type Status, type StatusCause, type StatusDetails } from './api-status.ts'
export { createObjectStore, type ObjectStoreOptions } from './object-store.ts'
export { deleteObject, type Deletion, type DeletionOptions } from './deletion.ts'
export type { Etcd } from './object-store.ts'
