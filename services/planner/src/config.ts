import {
  breakerSettings,
  budgetSettings,
  budgetsOf,
  busSettings,
  clusterSettings,
  loadConfig,
  processSettings,
  recordSettings,
  remediationSettings,
  type Environment,
} from '@kubewise/service'
import { Type, type Static } from 'typebox'
import type { Installation } from './decisions/early-refusals.ts'
import { llmSettings } from './llm/settings.ts'

const SECOND = 1000

const Settings = Type.Object({
  ...processSettings,
  ...busSettings,
  ...recordSettings,
  ...breakerSettings,
  ...clusterSettings,
  REMEDIATION_COOLDOWN_SECONDS: remediationSettings.REMEDIATION_COOLDOWN_SECONDS,
  ...budgetSettings,
  KUBEWISE_MAY_CHANGE_NODES: remediationSettings.KUBEWISE_MAY_CHANGE_NODES,
  ...llmSettings,
  /** Playbooks of one's own, `*.yaml`: a folder, or a ConfigMap as `configmap:NAMESPACE/NAME`. */
  KUBEWISE_PLAYBOOKS: Type.Optional(
    Type.String({ minLength: 1, expected: 'the path of a folder, or configmap:NAMESPACE/NAME' }),
  ),
  /** The executor's account, where it is not the planner's own; its rights are asked about by SubjectAccessReview. */
  KUBEWISE_EXECUTOR_ACCOUNT: Type.Optional(
    Type.String({
      pattern: '^system:serviceaccount:[a-z0-9.-]+:[a-z0-9.-]+$',
      expected: 'system:serviceaccount:NAMESPACE:NAME',
    }),
  ),
})
export type Config = Static<typeof Settings>

export const readConfig = (env: Environment): Config => loadConfig(Settings, env)

/** What the environment says to the guards. */
export const installationOf = (config: Config): Installation => ({
  mode: config.KUBEWISE_MODE,
  protectedNamespaces: [...config.KUBEWISE_SYSTEM_NAMESPACES, ...config.BLACKLISTED_NAMESPACES],
  limits: {
    cooldownMs: config.REMEDIATION_COOLDOWN_SECONDS * SECOND,
    ...budgetsOf(config),
    mayChangeNodes: config.KUBEWISE_MAY_CHANGE_NODES,
  },
  mayModelAct: config.KUBEWISE_LLM_MAY_ACT,
})

/** What plan evaluation has to know of the installation. */
export const evaluationOf = ({ KUBEWISE_EXECUTOR_ACCOUNT: executorAccount }: Config) =>
  executorAccount === undefined ? {} : { executorAccount }
