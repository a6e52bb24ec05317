import { MongoServerError, type Db } from 'mongodb'
import { isUnauthorized } from './errors.ts'

/** What is asked of every write: it survives the loss of any one server, and the crash of all of them. */
export const WRITE_CONCERN = { w: 'majority', journal: true, wtimeoutMS: 5000 } as const

export type ReadLevel = 'majority' | 'local'

/** What a server really gives, and a sentence for each thing that is less than was asked. */
export interface Given {
  readLevel: ReadLevel
  /** Does it compare and change a document in one step? */
  isOneStep: boolean
  differences: string[]
}

const isReplicated = (hello: Record<string, unknown>): boolean => 'setName' in hello || hello['msg'] === 'isdbgrid'

/** @returns undefined if these credentials do not allow to find out */
async function acceptsReadLevel(db: Db, level: string): Promise<boolean | undefined> {
  try {
    await db.command({ find: 'probe', filter: {}, limit: 1, singleBatch: true, readConcern: { level } })
    return true
  } catch (error) {
    if (isUnauthorized(error)) return undefined
    if (error instanceof MongoServerError) return false
    throw error
  }
}

/** Asks a server, instead of believing: one that does not know an option may ignore it without an error. */
export async function probe(db: Db, signal?: AbortSignal): Promise<Given> {
  const hello = await db.command({ hello: 1 }, signal === undefined ? {} : { signal })
  const differences: string[] = []
  if (!isReplicated(hello))
    differences.push('the server stands alone: an acknowledged write survives its crash, not the loss of its disk')
  const readLevel = (await acceptsReadLevel(db, 'majority')) === false ? 'local' : 'majority'
  if (readLevel === 'local')
    differences.push('reads of what the majority has are refused: reads are local to the primary')
  const isOneStep = (await acceptsReadLevel(db, 'nonsense')) !== true
  if (!isOneStep)
    differences.push(
      'the server ignores options that it does not know, so it is no MongoDB: read and write concerns may be ignored, and' +
        ' documents are replaced in several steps, since it may not compare and change in one',
    )
  return { readLevel, isOneStep, differences }
}
