/**
 * Entities with many metrics: machines of SMD, servers of ASD, and whatever else comes in the same form: a folder for each set, in it
 * `ENTITY.train.csv.gz`, `ENTITY.test.csv.gz` (a line of names, then numbers) and `ENTITY.labels.json`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCsvTable, type CsvTable } from './csv-table.ts'

const TRAIN = /^(.+)\.train\.csv\.gz$/

export interface Entity {
  entity: string
  stepMs: number
  /** The same columns in both; the test follows the train part without a gap. */
  train: CsvTable
  test: CsvTable
  /** One per row of the test part: 1 where anomalous. */
  labels: Uint8Array
}

export interface EntitySet {
  /** The folder's name. */
  set: string
  /** Names; read one at a time, they are large. */
  entities: string[]
}

interface LabelsFile {
  stepSeconds: number
  testLength: number
  /** First and last index of each, both inclusive. */
  anomalySegmentsInTest: [number, number][]
}

/** The sets of a folder in order of their names; folders without entities are left out. */
export function entitySets(folder: string): EntitySet[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ set: name, entities: entitiesOf(join(folder, name)) }))
    .filter(({ entities }) => entities.length > 0)
    .toSorted((a, b) => (a.set < b.set ? -1 : 1))
}

function entitiesOf(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((file) => TRAIN.exec(file)?.[1] ?? [])
    .filter((entity) =>
      [`${entity}.test.csv.gz`, `${entity}.labels.json`].every((file) => existsSync(join(folder, file))),
    )
    .toSorted()
}

/** @throws Error if the parts have other columns than each other, or the labels lie outside the test part */
export function readEntity(folder: string, entity: string): Entity {
  const path = join(folder, entity)
  const train = readCsvTable(`${path}.train.csv.gz`)
  const test = readCsvTable(`${path}.test.csv.gz`)
  const [columns, others] = [train.columns.join(), test.columns.join()]
  if (columns !== others)
    throw new Error(`${path}: expected the same columns to train and to test, got ${columns} and ${others}`)
  const file = JSON.parse(readFileSync(`${path}.labels.json`, 'utf8')) as LabelsFile
  const labels = new Uint8Array(test.rows)
  for (const [first, last] of file.anomalySegmentsInTest) {
    if (!(first >= 0 && first <= last && last < test.rows))
      throw new Error(`${path}.labels.json: expected segments within 0 to ${test.rows - 1}, got ${first} to ${last}`)
    labels.fill(1, first, last + 1)
  }
  return { entity, stepMs: file.stepSeconds * 1000, train, test, labels }
}
