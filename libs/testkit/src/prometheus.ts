import { findPrograms } from './programs.ts'

export interface PrometheusPrograms {
  prometheus: string
  promtool: string
}

/** @returns undefined where one of the two is not installed */
export function findPrometheus(): PrometheusPrograms | undefined {
  const [prometheus] = findPrograms('prometheus')
  const [promtool] = findPrograms('promtool')
  return prometheus && promtool ? { prometheus, promtool } : undefined
}
