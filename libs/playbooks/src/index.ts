/** The remediation language: playbooks read from YAML, checked against the facts and the actions, ready to be asked. */
export { celFacts, factAt, type CelFacts, type Condition } from './cel.ts'
export type { LoadedStep } from './check-step.ts'
export { isPlaybookName, libraryOf, readFolder, type Library, type PlaybookText } from './library.ts'
export { loadPlaybook, type Loaded, type LoadedPlaybook } from './load-playbook.ts'
export { playbooksPage } from './page.ts'
export { toldMistake, type PlaybookMistake } from './position.ts'
