export { createChain, type Chain, type ChainPorts } from './chain.ts'
export {
  keyIdOf,
  newKey,
  openSigner,
  publicFileOf,
  readPublicKeys,
  signerFrom,
  type PublicKeys,
  type Signer,
} from './key.ts'
export { keptHeadsBeside, readKeptHeads } from './kept-heads.ts'
export { createSealer, SEAL_EVERY_MS, SEAL_LINKS, type Sealer, type SealPorts } from './seal.ts'
export {
  verifyAudit,
  type AuditFault,
  type AuditReport,
  type ChainReport,
  type FaultCode,
  type VerifyOptions,
} from './verify.ts'
