/** What each command runs, in order: mocha's files, and how many at a time. */
export interface Suite {
  name: string
  files: readonly string[]
  /** Left out of `files`. */
  without?: readonly string[]
  /** Test files at the same time; 1 where they share one cluster or engine. */
  jobs: number
  /** Of one test; 0 where it says itself how long it takes. */
  timeoutMs: number
}

const SECOND = 1000

/** Real clusters and container engines are not asked for by `npm test`. */
const ELSEWHERE = ['**/*.cluster.test.ts', '**/*.soak.test.ts', '**/*.containers.test.ts']

export const SUITES: Readonly<Record<string, readonly Suite[]>> = {
  test: [
    {
      name: 'units',
      files: ['{libs,services}/*/src/**/*.test.ts', 'test/bench/**/*.test.ts'],
      without: ELSEWHERE,
      jobs: 2,
      timeoutMs: 30 * SECOND,
    },
    {
      name: 'pipeline',
      files: ['test/{run,pipeline,chaos,eval,security}/**/*.test.ts'],
      without: ELSEWHERE,
      jobs: 1,
      timeoutMs: 300 * SECOND,
    },
  ],
  cluster: [
    { name: 'API server', files: ['{libs,services}/*/src/**/*.cluster.test.ts'], jobs: 1, timeoutMs: 120 * SECOND },
    { name: 'cluster', files: ['test/cluster/**/*.cluster.test.ts'], jobs: 1, timeoutMs: 900 * SECOND },
  ],
  soak: [{ name: 'soak', files: ['test/cluster/**/*.soak.test.ts'], jobs: 1, timeoutMs: 0 }],
  containers: [
    { name: 'containers', files: ['test/containers/**/*.containers.test.ts'], jobs: 1, timeoutMs: 900 * SECOND },
  ],
}
