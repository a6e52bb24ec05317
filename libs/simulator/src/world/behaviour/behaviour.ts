import type { Container } from '@kubewise/kube'
import { amountOf } from '../objects/amounts.ts'
import { commandBehaviour } from './command.ts'

/** How a simulated container behaves. It is part of the pod template, so that a rollout changes it and a rollback restores it. */
export interface Behaviour {
  /** Seconds from its start until it is ready. */
  readyAfterSeconds: number
  /** Working set once it is warm, in Mi. */
  memoryMi: number
  memoryGrowthMiPerSecond: number
  /** Mean use of CPU in thousandths of a core. */
  cpuMilli: number
  /** `daily`: by how much of its mean the load swings between night and afternoon, 0..1. */
  load: { daily: number }
  /** Whether `cpuMilli` and the load are those of all replicas together. */
  isLoadShared: boolean
  /** Seconds after which it exits with `exitCode`; it runs for ever if absent. */
  crashAfterSeconds?: number
  exitCode: number
  /** A Service of its namespace; while that has no ready endpoint, the container exits with 1. */
  requiresService?: string
  /** Environment variables without which, or with other values, it exits with 1; `*` takes any value. */
  requiresEnv: Record<string, string>
  /** Seconds after which its liveness probe fails, if it has one. */
  unresponsiveAfterSeconds?: number
  /** Seconds it takes to stop when asked to. */
  stopSeconds: number
}

export interface BehaviourResult {
  behaviour: Behaviour
  /** What is wrong with the annotation; the container cannot run then. */
  mistakes: string[]
}

export const BEHAVIOUR_PREFIX = 'simulator.kubewise.io/'

const MI = 2 ** 20

/** A well-behaved process that uses a good third of what it may. */
function defaultBehaviour(container: Container): Behaviour {
  const { limits = {}, requests = {} } = container.resources ?? {}
  const memoryBytes = amountOf(limits['memory']) ?? amountOf(requests['memory']) ?? 128 * MI
  const cores = amountOf(limits['cpu']) ?? amountOf(requests['cpu']) ?? 0.1
  return {
    readyAfterSeconds: container.readinessProbe ? (container.readinessProbe.initialDelaySeconds ?? 0) + 2 : 0,
    memoryMi: Math.round((memoryBytes * 0.4) / MI),
    memoryGrowthMiPerSecond: 0,
    cpuMilli: Math.round(cores * 1000 * 0.25),
    load: { daily: 0.3 },
    isLoadShared: false,
    exitCode: 1,
    requiresEnv: {},
    stopSeconds: 1,
  }
}

const NUMBERS = new Set([
  'readyAfterSeconds',
  'memoryMi',
  'memoryGrowthMiPerSecond',
  'cpuMilli',
  'crashAfterSeconds',
  'exitCode',
  'unresponsiveAfterSeconds',
  'stopSeconds',
])
const CHECKS: Record<string, { expected: string; isValid: (value: unknown) => boolean }> = {
  load: {
    expected: '{"daily": number from 0 to 1}',
    isValid: (value) =>
      isRecord(value) && typeof value['daily'] === 'number' && value['daily'] >= 0 && value['daily'] <= 1,
  },
  isLoadShared: { expected: 'a boolean', isValid: (value) => typeof value === 'boolean' },
  requiresService: { expected: 'the name of a Service', isValid: (value) => typeof value === 'string' },
  requiresEnv: {
    expected: 'an object of strings',
    isValid: (value) => isRecord(value) && Object.values(value).every((one) => typeof one === 'string'),
  },
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mistakeIn(name: string, value: unknown): string | undefined {
  if (NUMBERS.has(name)) {
    const isValid = typeof value === 'number' && Number.isFinite(value) && value >= 0
    return isValid ? undefined : `${name}: expected a number >= 0, got ${JSON.stringify(value)}`
  }
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined
  if (!check) return `${name}: not known; expected one of ${[...NUMBERS, ...Object.keys(CHECKS)].join(', ')}`
  return check.isValid(value) ? undefined : `${name}: expected ${check.expected}, got ${JSON.stringify(value)}`
}

/**
 * How a container behaves: by the annotation `simulator.kubewise.io/<container>` (JSON with any of the members above), else
 * by what its command says, else as a well-behaved process.
 */
export function behaviourOf(
  annotations: Readonly<Record<string, string>> | undefined,
  container: Container,
): BehaviourResult {
  const base = { ...defaultBehaviour(container), ...commandBehaviour(container) }
  const key = `${BEHAVIOUR_PREFIX}${container.name}`
  const text = annotations?.[key]
  if (text === undefined) return { behaviour: base, mistakes: [] }
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return { behaviour: base, mistakes: [`${key}: not JSON: ${String(error)}`] }
  }
  if (!isRecord(given)) return { behaviour: base, mistakes: [`${key}: expected an object, got ${text}`] }
  const mistakes = Object.entries(given).flatMap(([name, value]) => mistakeIn(name, value) ?? [])
  return { behaviour: { ...base, ...given }, mistakes: mistakes.map((mistake) => `${key}: ${mistake}`) }
}
