import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Checkpoint } from '@kubewise/contracts'
import type { DetectorState } from './partition-detector.ts'

/** Version of the state's form. A checkpoint of another form is not read; the detector learns anew from the stream. */
export const FORM = 4

export const checkpointId = (cluster: string, partition: number) => `${cluster}/${String(partition).padStart(2, '0')}`

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A detector's state as text, with its hash. */
export function pack(state: DetectorState): { state: string; sha256: string } {
  const text = gzipSync(JSON.stringify(state)).toString('base64')
  return { state: text, sha256: sha256(text) }
}

/** The state of a checkpoint; undefined where there is none, it is of another form, or it was damaged. */
export function unpack(checkpoint: Checkpoint): DetectorState | undefined {
  if (checkpoint.form !== FORM || checkpoint.state === '' || sha256(checkpoint.state) !== checkpoint.sha256)
    return undefined
  return JSON.parse(gunzipSync(Buffer.from(checkpoint.state, 'base64')).toString('utf8')) as DetectorState
}
