import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

interface Source {
  file: string
  /** `libs/bus`, `services/api`. */
  package: string
  text: string
  imports: string[]
}

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g
const sources: readonly Source[] = globSync('{libs,services}/*/src/**/*.ts').map((file) => {
  const text = readFileSync(file, 'utf8')
  return {
    file,
    package: file.split('/').slice(0, 2).join('/'),
    text,
    imports: [...text.matchAll(IMPORT)].map((match) => match[1]!),
  }
})
/** Without tests and what only they use. */
const product = sources.filter(
  ({ file }) =>
    !/\.test\.ts$|\.test-data\.ts$|\.fixture\.ts$|\/(fixture|testing|contract|conformance)\//.test(file) &&
    !file.startsWith('libs/testkit/'),
)
const named = (prefix: string) => (name: string) => name === prefix || name.startsWith(`${prefix}/`)

describe('the architecture', () => {
  it('is found: this test reads the code', () => assert.ok(product.length > 200))

  const owners: [string, string][] = [
    ['@nats-io', 'libs/bus'],
    ['@kubernetes/client-node', 'libs/kube'],
    ['mongodb', 'libs/store'],
    ['node:sqlite', 'libs/store'],
    ['express', 'services/api libs/simulator'],
    ['pino', 'libs/service'],
    ['prom-client', 'libs/service'],
    ['opossum', 'libs/service'],
    ['@google/genai', 'services/planner'],
    ['ajv', 'libs/contracts libs/service libs/simulator'],
  ]
  for (const [client, owner] of owners)
    it(`lets only ${owner} import ${client}`, () => {
      const strays = product.filter(
        (source) => !owner.split(' ').includes(source.package) && source.imports.some(named(client)),
      )
      assert.deepEqual(
        strays.map(({ file }) => file),
        [],
      )
    })

  it('has services that depend on libs, never on each other, standalone excepted', () => {
    const services = new Set(
      product
        .filter(({ file }) => file.startsWith('services/'))
        .map((source) => `@kubewise/${basename(source.package)}`),
    )
    const strays = product.filter(
      (source) =>
        source.package !== 'services/standalone' &&
        source.imports.some(
          (name) =>
            services.has(name.split('/').slice(0, 2).join('/')) && name !== `@kubewise/${basename(source.package)}`,
        ),
    )
    assert.deepEqual(
      strays.map(({ file }) => file),
      [],
    )
  })

  it('imports nothing that its package does not name: the image has no more', () => {
    const named = (folder: string) => {
      const { name, dependencies = {} } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
        name: string
        dependencies?: Record<string, string>
      }
      return new Set([name, ...Object.keys(dependencies)])
    }
    const strays = product.flatMap((source) =>
      source.imports
        .filter((name) => /^@?\w[\w./-]*$/.test(name) && name !== '@kubewise/testkit')
        .map((name) => (name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? '')))
        .filter((name) => !named(source.package).has(name))
        .map((name) => `${source.file}: ${name}`),
    )
    assert.deepEqual(strays, [])
  })

  it('has libs that form no circle', () => {
    const needs = new Map<string, Set<string>>()
    for (const source of product.filter(({ file }) => file.startsWith('libs/'))) {
      const mine = needs.get(basename(source.package)) ?? new Set()
      for (const name of source.imports) if (name.startsWith('@kubewise/')) mine.add(name.split('/')[1]!)
      needs.set(basename(source.package), mine)
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(needs.get(from) ?? [])].some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))))
    assert.deepEqual(
      [...needs.keys()].filter((lib) => reaches(lib, lib)),
      [],
    )
  })

  it('reads the environment only at its edges', () => {
    const edges = /(\/config\.ts|\/run\.ts)$/
    const strays = product.filter(({ file, text }) => text.includes('process.env') && !edges.test(file))
    assert.deepEqual(
      strays.map(({ file }) => file),
      [],
    )
  })

  it('has mains that say who they are and no more', () => {
    const mains = product.filter(({ file }) => file.endsWith('/main.ts'))
    assert.ok(mains.length >= 6)
    for (const { file, text } of mains) assert.ok(text.trim().split('\n').length <= 15, file)
  })

  it('has no rooms for what belongs nowhere', () => {
    const vague = /\/(utils?|helpers?|commons?|manager|base|misc)(\.ts|\/)/
    assert.deepEqual(
      sources.map(({ file }) => file).filter((file) => vague.test(file)),
      [],
    )
  })

  it('takes its time from the clock it is given', () => {
    const realTime = /\b(Date\.now\(\)|setInterval\()/
    const allowed = new Set(['libs/service/src/clock.ts'])
    const strays = product.filter(
      ({ file, text }) => realTime.test(text.replaceAll(/`[^`\n]*`/g, '')) && !allowed.has(file),
    )
    assert.deepEqual(
      strays.map(({ file }) => file),
      [],
    )
  })
})
