import { readFileSync } from 'node:fs'
import type { Comparable } from './compare.ts'
import type { ConformanceRequest } from './request.ts'

/** What a real API server of version 1.34 answered, a line for each request; made by record.ts. */
export const RECORDING = new URL('recorded-1.34.jsonl', import.meta.url)

interface Line extends Comparable {
  request: string
}

export function titleOf({ method, say }: ConformanceRequest): string {
  return `${method} ${say}`
}

export function readRecording(): ReadonlyMap<string, Comparable> {
  const lines = readFileSync(RECORDING, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const { request, ...answer } = JSON.parse(line) as Line
      return [request, answer]
    }),
  )
}
