/**
 * NATS JetStream as the services see it: the only package that imports its client. The port says what a bus can do,
 * `connectBus` makes one.
 */
export { connectBus, type BusOptions } from './connect.ts'
export { BusError, type BusErrorCode } from './errors.ts'
export type {
  Bus,
  Consumption,
  Delivery,
  Disposition,
  KeyValue,
  KeyValueEntry,
  ProvisionReport,
  PublishAck,
  ReplayEvent,
  ReplayOptions,
  StreamState,
} from './port.ts'
export { lead, type LeadOptions } from './lead.ts'
export { join, ownerOf, wordsOf, type MemberOptions } from './members.ts'
