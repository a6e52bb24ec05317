import { Type, type Static } from 'typebox'
import { decoderOf } from './decode.ts'
import { Count, Ms, stored, strict, Text } from './schema.ts'

/** A partition's detector state and the sequence it covers; written by compare-and-set by whoever has the highest epoch. `_id` is `<cluster>/<partition>`. */
export const Checkpoint = strict({
  ...stored,
  cluster: Text,
  partition: Count,
  epoch: Count,
  holder: Text,
  /** The stream's `created`: another stream has other sequences. Empty before the first signal. */
  stream: Type.String(),
  seq: Count,
  /** Version of the state's form; another one is not read. */
  form: Count,
  /** The detector's state, base64 of gzipped JSON. */
  state: Type.String(),
  sha256: Type.String(),
  savedMs: Ms,
})
export type Checkpoint = Static<typeof Checkpoint>
export const decodeCheckpoint = decoderOf(Checkpoint)
