import { loadConfig, Port, processSettings, type Environment } from '@kubewise/service'
import { Type, type Static } from 'typebox'

/** Where a running simulator takes orders unless told otherwise: loopback only, see {@link serveControl}. */
export const CONTROL_PORT = 9465

const Settings = Type.Object({
  ...processSettings,
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, expected: 'an address to listen on' }),
  /** Of the Kubernetes API. */
  PORT: Port({ default: 6443 }),
  /** Of the Prometheus API and of what the exporters show. */
  PROM_PORT: Port({ default: 9090 }),
  CONTROL_PORT: Port({ default: CONTROL_PORT }),
  /** Simulated seconds per second. Services outside this process live by their own clock, so for them only 1 fits. */
  CLOCK_FACTOR: Type.Number({ default: 1, exclusiveMinimum: 0, expected: 'a number above 0' }),
  SEED: Type.Integer({ default: 1 }),
})
export type Config = Static<typeof Settings>

export const readConfig = (env: Environment): Config => loadConfig(Settings, env)
