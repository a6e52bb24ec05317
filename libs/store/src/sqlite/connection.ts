import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from '@kubewise/service'
import { StoreError } from '../errors.ts'
import { isBusy, storeError, type Access } from './errors.ts'
import { createGroupCommit } from './group-commit.ts'
import type { Sql } from './sql.ts'

type Row = Record<string, unknown>

/** One file, open. Each call is one short statement of its own transaction. */
export interface Connection {
  readonly file: string
  all(sql: Sql): Promise<Row[]>
  /** @returns the number of rows that changed; they are on the disk */
  write(sql: Sql): Promise<number>
  /** Statements that change the layout; each by itself. */
  define(texts: readonly string[]): Promise<void>
  /** @throws StoreError if the file is not the one that was opened, or cannot be read */
  check(): Promise<void>
  close(): void
}

// SQLite waits for a lock by blocking the process, so it waits little and the rest is waited between attempts.
const BLOCKED_MS = 100
const BETWEEN_MS = 25
const BUSY_ATTEMPTS = 40
const MOST_STATEMENTS = 200
// "KWIS" says whose file it is; the number after it what form the tables have.
const APPLICATION = 0x4b574953
const FORM = 1

function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  closeSync(openSync(file, 'a', 0o600))
}

const identityOf = (file: string): string => {
  const { dev, ino } = statSync(file)
  return `${dev}:${ino}`
}

function numberOf(db: DatabaseSync, pragma: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
}

/** Marks a new file as ours; refuses one that is another program's or of a later version. */
function claim(db: DatabaseSync, file: string): void {
  const application = numberOf(db, 'application_id')
  const form = numberOf(db, 'user_version')
  const isNew =
    application === 0 && Number(db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count']) === 0
  if (isNew) db.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${FORM}`)
  else if (application !== APPLICATION)
    throw new StoreError(
      'refused',
      `${file}: expected a record of KubeWise, got the SQLite database of another program`,
    )
  else if (form !== FORM)
    throw new StoreError(
      'refused',
      `${file}: expected a record of form ${FORM}, got form ${form} of another version of KubeWise`,
    )
}

function configure(db: DatabaseSync, file: string): void {
  const mode = Object.values(db.prepare('PRAGMA journal_mode = WAL').get() ?? {})[0]
  if (mode !== 'wal')
    throw new StoreError(
      'unreachable',
      `${file}: expected a file system that allows a write-ahead log, got mode ${String(mode)}`,
    )
  db.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864')
  claim(db, file)
}

function openDatabase(file: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    createFile(file)
    db = new DatabaseSync(file, { timeout: BLOCKED_MS })
    configure(db, file)
    return db
  } catch (error) {
    db?.close()
    throw error
  }
}

/** A missing folder, a forbidden file: the file system's errors, in the store's words. */
function fileError(error: unknown, file: string): unknown {
  if (error instanceof Error && 'syscall' in error)
    return new StoreError(
      'code' in error && error.code === 'ENOSPC' ? 'full' : 'unreachable',
      `${file}: the record's file cannot be used: ${error.message}`,
      { cause: error },
    )
  return error
}

/** Runs a synchronous task; while another process holds the lock, again after a rest. */
async function whenFree<T>(file: string, access: Access, clock: Clock, task: () => T): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return task()
    } catch (error) {
      if (!isBusy(error)) throw fileError(storeError(error, file, access), file)
      if (attempt === BUSY_ATTEMPTS)
        throw new StoreError('timeout', `${file}: another process has locked the record for too long`, { cause: error })
    }
    await clock.sleep(BETWEEN_MS * (1 + Math.random()))
  }
}

/** Prepared once each; the least used ones are forgotten. */
function statementsOf(db: DatabaseSync): (text: string) => StatementSync {
  const known = new Map<string, StatementSync>()
  return (text) => {
    const statement = known.get(text) ?? db.prepare(text)
    known.delete(text)
    known.set(text, statement)
    if (known.size > MOST_STATEMENTS) known.delete(known.keys().next().value ?? '')
    return statement
  }
}

/**
 * Opens a file, and makes it if there is none, readable for its owner alone. Several processes may have it open.
 *
 * @throws StoreError `unreachable` if it cannot be made or written, `corrupt` if it is no database, `refused` if it is another program's
 */
export async function openConnection(path: string, clock: Clock): Promise<Connection> {
  const file = resolve(path)
  const db = await whenFree(file, 'read', clock, () => openDatabase(file))
  const identity = identityOf(file)
  const statement = statementsOf(db)

  // Who writes into a file that was removed or replaced under him would be told "stored" and find nothing afterwards.
  function assertInPlace(): void {
    if (identityOf(file) !== identity)
      throw new StoreError('unreachable', `${file}: the record's file was replaced while it was open`)
  }

  const commit = createGroupCommit(db, (task) =>
    whenFree(file, 'write', clock, () => {
      assertInPlace()
      return task()
    }),
  )

  return {
    file,
    all: ({ text, parameters }) => whenFree(file, 'read', clock, () => statement(text).all(...parameters)),
    write: ({ text, parameters }) => commit(() => Number(statement(text).run(...parameters).changes)),
    define: async (texts) => {
      for (const text of texts) await whenFree(file, 'write', clock, () => db.exec(text))
    },
    check: () =>
      whenFree(file, 'read', clock, () => {
        assertInPlace()
        numberOf(db, 'user_version')
      }),
    close: () => db.close(),
  }
}
