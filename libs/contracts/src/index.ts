/**
 * What KubeWise's parts say to each other and write down: every message and document as one schema with its type.
 *
 * Glossary; one word per concept, everywhere:
 * - *entity*: one object of one cluster. *target*: an entity's top owner; everything after detection is about targets.
 * - *metric*: a named measurement; *series*: it, for one entity and set of labels; *sample*: one value of it.
 * - *event*: a Kubernetes Event. *object state*: what an object's status says, reduced to what decides.
 * - *signal*: any of these on its way to a detector. *partition*: the part of all targets whose signals share one order.
 * - *anomaly*: a finding of one rule or model on one entity, with its episode's start. *episode*: from then to its end.
 * - *incident*: what is wrong with one target; gathers its anomalies. *cause*: why, as a playbook names it.
 * - *symptom*: an incident whose cause lies at another target; it becomes part of that target's incident. *relation*: how the two hang together.
 * - *storm*: too much fell ill at once. *window*: a stretch of time in which people do not want to be told, or nothing to be changed. *inhibition*: one anomaly keeps another quiet.
 * - *candidate*: an action that may be chosen for one incident, with bounds. *outcome*: how an action ended, counted for a cause and a kind of workload.
 * - *consultation*: one incident put before a model. *spend*: what models have cost.
 * - *question*: what would you do about this object? *answer*: what the planner would decide now.
 * - *alert*: a finding of a team's own monitoring, which Alertmanager sent.
 * - *fact*: one thing known of an incident's context, named by a path; playbooks and plans cite them.
 * - *playbook*: a remedy for one cause, written by people. *plan*: what is to be done about one incident, all values resolved.
 * - *action*: one kind of change, `name@version`. *step*: one action of a plan on one object.
 * - *execution*: a plan being carried out. *marker*: the annotation that says which step wrote an object.
 * - *verification*: a check after the steps. *verdict*: recovered, not recovered, inconclusive. *undo*: taking back what was done.
 * - *guard*: a reason not to act, looked for before acting. *refusal*: what it says, a code and a sentence.
 * - *mode*: observe, approve, auto. *approval*: a person's yes or no to a plan. *silence*: a person's wish not to be told.
 * - *feedback*: a person's word on an anomaly. *audit*: the chain of what was done and changed, by whom.
 * - *epoch*: a number that grows with every change of owner and fences the old one off. *checkpoint*: a partition's state with its sequence.
 */
export * from './action.ts'
export * from './alert.ts'
export * from './anomaly.ts'
export * from './approval.ts'
export * from './audit.ts'
export * from './cause.ts'
export * from './checkpoint.ts'
export * from './collections.ts'
export * from './consultation.ts'
export * from './control.ts'
export * from './dead-letter.ts'
export { decoderOf, type Decoded, type Decoder } from './decode.ts'
export * from './document.ts'
export * from './entity.ts'
export * from './execution.ts'
export * from './facts/empty.ts'
export * from './facts/facts.ts'
export * from './facts/pod-facts.ts'
export * from './feedback.ts'
export * from './freshness.ts'
export * from './ids.ts'
export * from './incident.ts'
export * from './kept-event.ts'
export * from './kubernetes-event.ts'
export * from './metric-batch.ts'
export * from './object-state.ts'
export * from './outcome.ts'
export * from './plan.ts'
export * from './planner-memory.ts'
export * from './playbook.ts'
export * from './question.ts'
export * from './refusal.ts'
export { schemaFiles } from './schema-files.ts'
export * from './settings.ts'
export * from './signal.ts'
export * from './silence.ts'
export { subjects, type Subject } from './subject.ts'
export * from './target-record.ts'
export * from './topology.ts'
export * from './window.ts'
