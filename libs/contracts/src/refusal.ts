import { type Static } from 'typebox'
import { strict, Text } from './schema.ts'

/** Why something is not done: a code for machines (logged, counted, stored, shown alike), a sentence for people. */
export const Refusal = strict({ code: Text, say: Text })
export type Refusal = Static<typeof Refusal>
