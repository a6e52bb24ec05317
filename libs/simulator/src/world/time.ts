export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS

/** Seconds, as objects are dated. */
export function dateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** Microseconds, as Events of `events.k8s.io` are dated. */
export function microDateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}
