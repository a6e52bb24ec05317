import { decodeAnomaly, type Anomaly } from './anomaly.ts'
import { decodeApproval, type Approval } from './approval.ts'
import { decodeAuditHead, decodeAuditRecord, type AuditHead, type AuditRecord } from './audit.ts'
import { decodeCheckpoint, type Checkpoint } from './checkpoint.ts'
import {
  decodeConsultation,
  decodePromptText,
  decodeSpend,
  type Consultation,
  type PromptText,
  type Spend,
} from './consultation.ts'
import type { CollectionSpec } from './document.ts'
import { decodeExecution, type Execution } from './execution.ts'
import { decodeFeedback, type Feedback } from './feedback.ts'
import { decodeIncident, type Incident } from './incident.ts'
import { decodeKeptEvent, type KeptEvent } from './kept-event.ts'
import { decodeOutcome, type Outcome } from './outcome.ts'
import { decodePlan, type Plan } from './plan.ts'
import { decodeIncidentHead, decodeRevisionRecord, type IncidentHead, type RevisionRecord } from './planner-memory.ts'
import { decodeKill, decodeSettings, type Kill, type Settings } from './settings.ts'
import { decodeSilence, type Silence } from './silence.ts'
import { decodeTargetRecord, type TargetRecord } from './target-record.ts'

const namespaced = ['target.namespace']

/** The record's collections as data. Each has one writing service; documents that several would change are split instead. */
export const COLLECTIONS = {
  events: {
    name: 'events',
    writer: ['collector'],
    decode: decodeKeptEvent,
    indexes: [{ fields: ['lastMs'] }, { fields: namespaced }],
    expiresField: 'expiresMs',
  } as CollectionSpec<KeptEvent>,
  anomalies: {
    name: 'anomalies',
    writer: ['detector'],
    decode: decodeAnomaly,
    indexes: [
      { fields: ['detectedMs'] },
      { fields: ['status'] },
      { fields: ['rule.name', 'status'] },
      { fields: namespaced },
    ],
  } as CollectionSpec<Anomaly>,
  checkpoints: {
    name: 'checkpoints',
    writer: ['detector'],
    decode: decodeCheckpoint,
    indexes: [],
  } as CollectionSpec<Checkpoint>,
  incidents: {
    name: 'incidents',
    writer: ['planner'],
    decode: decodeIncident,
    indexes: [
      { fields: ['openedMs'] },
      { fields: ['status'] },
      { fields: ['mergedInto'] },
      { fields: namespaced },
      { fields: ['target.name', 'target.namespace', 'openedMs'] },
    ],
  } as CollectionSpec<Incident>,
  plans: {
    name: 'plans',
    writer: ['planner'],
    decode: decodePlan,
    indexes: [{ fields: ['createdMs'] }, { fields: ['incident'] }, { fields: namespaced }],
  } as CollectionSpec<Plan>,
  heads: {
    name: 'heads',
    writer: ['planner'],
    decode: decodeIncidentHead,
    indexes: [],
  } as CollectionSpec<IncidentHead>,
  revisions: {
    name: 'revisions',
    writer: ['planner'],
    decode: decodeRevisionRecord,
    indexes: [],
  } as CollectionSpec<RevisionRecord>,
  spend: {
    name: 'spend',
    writer: ['planner'],
    decode: decodeSpend,
    indexes: [],
  } as CollectionSpec<Spend>,
  consultations: {
    name: 'consultations',
    writer: ['planner'],
    decode: decodeConsultation,
    indexes: [{ fields: ['incident'] }],
    expiresField: 'expiresMs',
  } as CollectionSpec<Consultation>,
  prompts: {
    name: 'prompts',
    writer: ['planner'],
    decode: decodePromptText,
    indexes: [],
    expiresField: 'expiresMs',
  } as CollectionSpec<PromptText>,
  outcomes: {
    name: 'outcomes',
    writer: ['planner'],
    decode: decodeOutcome,
    indexes: [{ fields: ['endedMs'] }],
  } as CollectionSpec<Outcome>,
  executions: {
    name: 'executions',
    writer: ['executor'],
    decode: decodeExecution,
    indexes: [
      { fields: ['claimedMs'] },
      { fields: ['actedMs'] },
      { fields: ['status'] },
      { fields: ['incident'] },
      { fields: ['isUntold'] },
      { fields: namespaced },
    ],
  } as CollectionSpec<Execution>,
  targets: {
    name: 'targets',
    writer: ['executor'],
    decode: decodeTargetRecord,
    indexes: [{ fields: namespaced }],
  } as CollectionSpec<TargetRecord>,
  audit: {
    name: 'audit',
    writer: ['executor', 'api'],
    decode: decodeAuditRecord,
    indexes: [{ fields: ['atMs'] }, { fields: ['plan'] }, { fields: ['writer'] }],
  } as CollectionSpec<AuditRecord>,
  auditHeads: {
    name: 'audit-heads',
    writer: ['executor', 'api'],
    decode: decodeAuditHead,
    indexes: [],
  } as CollectionSpec<AuditHead>,
  approvals: {
    name: 'approvals',
    writer: ['api'],
    decode: decodeApproval,
    indexes: [{ fields: ['givenMs'] }],
  } as CollectionSpec<Approval>,
  feedback: {
    name: 'feedback',
    writer: ['api'],
    decode: decodeFeedback,
    indexes: [{ fields: ['anomaly'] }, { fields: ['givenMs'] }],
  } as CollectionSpec<Feedback>,
  silences: {
    name: 'silences',
    writer: ['api'],
    decode: decodeSilence,
    indexes: [{ fields: ['endsMs'] }],
    expiresField: 'expiresMs',
  } as CollectionSpec<Silence>,
  settings: {
    name: 'settings',
    writer: ['api'],
    decode: decodeSettings,
    indexes: [],
  } as CollectionSpec<Settings>,
  kill: {
    name: 'kill',
    writer: ['api'],
    decode: decodeKill,
    indexes: [],
    isUrgent: true,
  } as CollectionSpec<Kill>,
} as const
