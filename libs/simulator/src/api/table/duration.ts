const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A span as kubectl shows it: `5s`, `3m12s`, `2h`, `4d3h`. */
export function shortDuration(ms: number): string {
  if (ms < 0) return '0s'
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)}s`
  const parts = (large: number, a: string, small: number, b: string) => {
    const rest = Math.floor((ms % large) / small)
    return `${Math.floor(ms / large)}${a}${rest === 0 ? '' : `${rest}${b}`}`
  }
  if (ms < 10 * MINUTE) return parts(MINUTE, 'm', SECOND, 's')
  if (ms < 3 * HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < 8 * HOUR) return parts(HOUR, 'h', MINUTE, 'm')
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`
  return ms < 8 * DAY ? parts(DAY, 'd', HOUR, 'h') : `${Math.floor(ms / DAY)}d`
}
