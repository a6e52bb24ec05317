export { ApiStatus, type Status, type StatusCause, type StatusDetails } from './api-status.ts'
export { createObjectStore, type ObjectStoreOptions } from './object-store.ts'
