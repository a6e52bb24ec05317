export { ApiStatus } from './api-status.ts'
export { createObjectStore } from './object-store.ts'
