import type { TSchema } from 'typebox'
import { OutsideAlert } from './alert.ts'
import { Anomaly, AnomalyOpened, AnomalyResolved } from './anomaly.ts'
import { Approval } from './approval.ts'
import { AuditHead, AuditRecord } from './audit.ts'
import { Checkpoint } from './checkpoint.ts'
import { Control } from './control.ts'
import { DeadLetter } from './dead-letter.ts'
import { Execution, ExecutionNotice } from './execution.ts'
import { Facts } from './facts/facts.ts'
import { Feedback } from './feedback.ts'
import { Freshness } from './freshness.ts'
import { Incident, IncidentNotice } from './incident.ts'
import { KeptEvent } from './kept-event.ts'
import { KubernetesEvent } from './kubernetes-event.ts'
import { MetricBatch } from './metric-batch.ts'
import { ObjectState } from './object-state.ts'
import { Outcome } from './outcome.ts'
import { Plan, PlanHint } from './plan.ts'
import { Playbook } from './playbook.ts'
import { Answer, Question } from './question.ts'
import { Kill, Settings } from './settings.ts'
import { Silence } from './silence.ts'
import { TargetRecord } from './target-record.ts'

/** Every schema that is written out, by the name of its file. */
export const PUBLISHED: Readonly<Record<string, { title: string; schema: TSchema }>> = {
  'metric-batch': { title: 'Message: samples of one partition, as columns', schema: MetricBatch },
  'kubernetes-event': { title: 'Message: a Kubernetes Event', schema: KubernetesEvent },
  'object-state': { title: 'Message: the state of one object', schema: ObjectState },
  'outside-alert': { title: 'Message: an alert of Alertmanager', schema: OutsideAlert },
  control: { title: 'Message: what changes a detector’s mind beside signals', schema: Control },
  'anomaly-opened': { title: 'Message: an anomaly was found', schema: AnomalyOpened },
  'anomaly-resolved': { title: 'Message: an anomaly has ended', schema: AnomalyResolved },
  'incident-notice': { title: 'Message: an incident was opened, updated or resolved', schema: IncidentNotice },
  'plan-hint': { title: 'Message: look at this plan', schema: PlanHint },
  question: { title: 'Request: what would you do about this object', schema: Question },
  answer: { title: 'Reply: what the planner would decide now', schema: Answer },
  'execution-notice': { title: 'Message: an execution has moved', schema: ExecutionNotice },
  'dead-letter': { title: 'Message: one that could not be worked on', schema: DeadLetter },
  freshness: { title: 'Key-value: what the collector saw last', schema: Freshness },
  'kept-event': { title: 'Document: a copy of a Kubernetes Event', schema: KeptEvent },
  anomaly: { title: 'Document: an anomaly', schema: Anomaly },
  checkpoint: { title: 'Document: a partition’s detector state', schema: Checkpoint },
  incident: { title: 'Document: an incident', schema: Incident },
  plan: { title: 'Document: a plan', schema: Plan },
  approval: { title: 'Document: a person’s word on a plan', schema: Approval },
  execution: { title: 'Document: what was done about a plan', schema: Execution },
  outcome: { title: 'Document: how a plan ended, to learn from', schema: Outcome },
  target: { title: 'Document: lock, epoch and rest of a target', schema: TargetRecord },
  feedback: { title: 'Document and message: a person’s word on an anomaly', schema: Feedback },
  silence: { title: 'Document: a silence', schema: Silence },
  settings: { title: 'Document: what a person may change while KubeWise runs', schema: Settings },
  kill: { title: 'Document: the kill switch', schema: Kill },
  audit: { title: 'Document and message: one link of the audit chain', schema: AuditRecord },
  'audit-head': { title: 'Document and message: a signed head of an audit chain', schema: AuditHead },
  playbook: { title: 'File: a playbook', schema: Playbook },
  facts: { title: 'What a playbook’s conditions can name', schema: Facts },
}
