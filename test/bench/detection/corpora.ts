/** Where the labelled time series are that the detection benches read, and where each can be had. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const DEFAULT_FOLDER = resolve(import.meta.dirname, '../../../../shared/data')

const ORIGINS = {
  nab: 'numenta/NAB at ea702d75: its data, labels and config folders, results/final_results.json as published_final_results.json',
  smd: 'NetManAIOps/OmniAnomaly (Server Machine Dataset), as processed by zhhlee/InterFusion at 8c85d511: data/processed',
  asd: 'zhhlee/InterFusion at 8c85d511: data/processed/omi-*',
  nezha: 'IntelligentDDS/Nezha at d8140101: rca_data/*/metric and *-fault_list.json',
} as const

export type Corpus = keyof typeof ORIGINS

/** A corpus that is not there; the message says where it can be had. */
export class MissingCorpus extends Error {}

/**
 * The folder with one folder per corpus.
 *
 * @param given on the command line; else $KUBEWISE_DATA, else the folder beside a development tree
 */
export function corporaFolder(given?: string): string {
  return resolve(given ?? (process.env['KUBEWISE_DATA'] || DEFAULT_FOLDER))
}

/**
 * The folder of one corpus.
 *
 * @throws MissingCorpus if it is not there
 */
export function corpusFolder(dataFolder: string, corpus: Corpus): string {
  const folder = join(dataFolder, corpus)
  if (!existsSync(folder))
    throw new MissingCorpus(
      `${folder}: expected the corpus ${corpus}, found nothing. It can be had on GitHub: ${ORIGINS[corpus]}; name its parent folder with --data or KUBEWISE_DATA`,
    )
  return folder
}
