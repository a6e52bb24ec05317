/**
 * How many times a second one core does it, by the CPU time of this process: what others do on the machine counts less.
 *
 * @param batch does it `size` times
 * @param forMs CPU time to spend, after as much again of warming up
 */
export function perSecondPerCore(batch: () => void, size: number, forMs = 1500): number {
  const cpuMs = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const spend = (): number => {
    const startedMs = cpuMs()
    let times = 0
    do {
      batch()
      times += size
    } while (cpuMs() - startedMs < forMs)
    return times / ((cpuMs() - startedMs) / 1000)
  }
  spend()
  return spend()
}
