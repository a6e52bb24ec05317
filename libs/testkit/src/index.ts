export { silentLog } from '@kubewise/service'
export { eventually, type EventuallyOptions } from './eventually.ts'
export { FERRET_MISSING, findFerret, startFerret, type Ferret } from './ferret.ts'
export { temporaryFolder, type TemporaryFolder } from './folder.ts'
export { testKit, type TestKit } from './kit.ts'
export {
  findAllNats,
  findNats,
  startNats,
  type Nats,
  type NatsOptions,
  type NatsProgram,
  type NatsVersion,
} from './nats.ts'
export { freePort } from './port.ts'
export { findPrograms } from './programs.ts'
export { findPrometheus, type PrometheusPrograms } from './prometheus.ts'
export { startProcess, type Launch, type ServerProcess } from './server-process.ts'
export { skipWithout } from './skip.ts'
export { VirtualClock } from './virtual-clock.ts'
export { LLM_FAULTS, type LlmFault } from './llm/faults.ts'
export { hostile, LLM_MISANSWERS, reluctant, sensible, type LlmMind, type LlmSays } from './llm/minds.ts'
export type { LlmQuestion } from './llm/questions.ts'
export { startLlm, type FakeLlm } from './llm/server.ts'
