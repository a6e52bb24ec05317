import type { Container } from '@kubewise/kube'
import type { Behaviour } from './behaviour.ts'

const EATS_MEMORY = /tail \/dev\/zero|:\(\)\{/
const SPINS = /while (?::|true); do :;? *done/

/** What test workloads usually do, so that the same manifests behave alike here and on a real cluster: sleep, exit, eat memory, spin. */
export function commandBehaviour({ command = [], args = [], resources }: Container): Partial<Behaviour> {
  const line = [...command, ...args].join(' ')
  const exit =
    /\bexit (\d+)/.exec(line)?.[1] ??
    (/(?:^|\/)false\b/.test(line) ? '1' : /^(?:\S*\/)?true$/.test(line) ? '0' : undefined)
  const sleep = /\bsleep (\d+)/.exec(line)?.[1]
  return {
    ...(exit === undefined ? {} : { crashAfterSeconds: Number(sleep ?? 0), exitCode: Number(exit) }),
    ...(exit === undefined && sleep !== undefined && !/while|infinity/.test(line)
      ? { crashAfterSeconds: Number(sleep), exitCode: 0 }
      : {}),
    ...(EATS_MEMORY.test(line) ? { memoryGrowthMiPerSecond: 512 } : {}),
    ...(SPINS.test(line) ? { cpuMilli: resources?.limits?.['cpu'] === undefined ? 1000 : 100_000 } : {}),
  }
}
