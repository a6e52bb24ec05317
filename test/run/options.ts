import { parseDuration } from '@kubewise/service'

/** What was asked for: a suite, or single files of it. */
export interface RunOptions {
  what: string
  files: readonly string[]
  /** What the tests are told by their environment. */
  env: Readonly<Record<string, string>>
}

const SOAK = '1h'

/** `cluster --soak 10m` is a suite of its own. @returns a mistake, in words, where the options are none */
export function optionsOf([what = 'test', ...rest]: readonly string[]): RunOptions | { mistake: string } {
  if (what !== 'cluster' || rest[0] !== '--soak') return { what, files: rest, env: {} }
  const [, duration = SOAK, ...surplus] = rest
  const minutes = parseDuration(duration, 'm')
  if (surplus.length > 0 || minutes === undefined || minutes <= 0)
    return { mistake: `expected cluster --soak [DURATION], such as --soak 10m, got 'cluster ${rest.join(' ')}'` }
  return { what: 'soak', files: [], env: { KUBEWISE_SOAK_MINUTES: String(minutes) } }
}
