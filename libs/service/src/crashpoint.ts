/**
 * A labelled place where a crash would hurt most. In production it does nothing; a chaos test has the process killed there,
 * with no chance to clean up.
 */
export type Crashpoint = (label: string) => void

/** The crashpoint of production. */
export const noCrashpoint: Crashpoint = () => undefined

const killSelf = () => void process.kill(process.pid, 'SIGKILL')

/**
 * @param setting `label` to die at its first hit, `label@3` at the third; undefined never
 * @param die how; only tests give it
 */
export function createCrashpoint(setting: string | undefined, die: () => void = killSelf): Crashpoint {
  if (setting === undefined) return noCrashpoint
  const [, wanted, nth] = /^(.*?)(?:@(\d+))?$/.exec(setting) ?? []
  let hitsLeft = Number(nth ?? 1)
  return (label) => {
    if (label === wanted && --hitsLeft === 0) die()
  }
}
