import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createChain, createSealer, newKey, openSigner, signerFrom } from '@kubewise/audit'
import { COLLECTIONS } from '@kubewise/contracts'
import { silentLog, systemClock } from '@kubewise/service'
import { openStore } from '@kubewise/store'
import { temporaryFolder, testKit } from '@kubewise/testkit'
import { createCommandLine } from '../app.ts'

/** Runs it as a shell would. */
async function run(env: Record<string, string>, ...args: string[]) {
  const said = { out: '', err: '', progress: '' }
  const code = await createCommandLine({
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    env: () => env,
  }).run(['audit', 'verify', ...args])
  return { code, ...said }
}

/** A home in which two services have worked and stopped, and the last head of each. */
async function home(links = 5) {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'kubewise.sqlite')
  const kit = testKit()
  const store = await openStore({ kind: 'sqlite', file }, { clock: systemClock, log: silentLog })
  const bus = { publish: async () => ({ stream: '', seq: 1, isDuplicate: false }) }
  for (const writer of ['api', 'executor']) {
    const openKey = () => openSigner(join(folder.path, 'audit.key'))
    const ports = { ...kit, store, bus, cluster: 'test', writer, openSigner: openKey }
    const chain = createChain(ports)
    const append = (i: number) =>
      chain.append({ event: 'intent', actor: 'ada', say: `link ${i}`, atMs: 1_767_571_200_000 + i })
    await append(0)
    await createSealer(ports).stop()
    for (let i = 1; i < links; i++) await append(i)
    await createSealer(ports).stop()
  }
  const { items: heads } = await store.collection(COLLECTIONS.auditHeads).find()
  await store.close()
  return {
    path: folder.path,
    file,
    heads,
    env: { KUBEWISE_HOME: folder.path },
    /** What somebody with the file and a shell can do. */
    sql(text: string) {
      using database = new DatabaseSync(file)
      database.exec(text)
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describe('kubewise audit verify', () => {
  it('says that what nobody touched is whole, and how far it is sealed', async () => {
    await using kept = await home()
    const { code, out, err } = await run(kept.env, '--sealed')
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^api: 5 links, 2 heads, sealed up to link 4\nexecutor: 5 links, .*\nThe audit is whole\.\n$/)
  })

  it('knows by the heads beside the key that a chain lost its end together with its heads', async () => {
    await using kept = await home()
    kept.sql(
      `DELETE FROM "audit-heads" WHERE _id = 'api/000000000001'; DELETE FROM "audit" WHERE _id > 'api/000000000000' AND _id < 'api/1'`,
    )
    const { code, err } = await run(kept.env)
    assert.equal(code, 1)
    assert.match(err, /link 4 of api: it is gone; the kept head api\/000000000001 seals it/)
    assert.equal((await run(kept.env, '--store', `sqlite:${kept.file}`)).code, 0)
  })

  const harms: [string, string, RegExp][] = [
    ['deleted', `DELETE FROM "audit" WHERE _id = 'executor/000000000002'`, /link 2 of executor: gone/],
    [
      'edited',
      `UPDATE "audit" SET document = json_set(document, '$.actor', 'eve') WHERE _id = 'api/000000000001'`,
      /link api\/000000000001: it is not what its hash was made of/,
    ],
    [
      'exchanged',
      `UPDATE "audit" SET _id = 'x' WHERE _id = 'api/000000000001'; UPDATE "audit" SET _id = 'api/000000000001' WHERE _id = 'api/000000000002'; UPDATE "audit" SET _id = 'api/000000000002' WHERE _id = 'x'`,
      /link api\/000000000001: it says that it is api\/000000000002/,
    ],
    [
      'cut off',
      `DELETE FROM "audit" WHERE _id > 'executor/000000000002'`,
      /it seals link 4, but the chain ends before 3/,
    ],
    ['all gone', `DELETE FROM "audit"`, /the chain ends before 0/],
    [
      'given a forged head',
      `UPDATE "audit-heads" SET document = json_set(document, '$.signature', 'AAAA')`,
      /its signature is not by key/,
    ],
    ['robbed of its heads', `DELETE FROM "audit-heads"`, /no signed head; nothing of it is proven/],
    ['emptied', `DELETE FROM "audit-heads"; DELETE FROM "audit"`, /chain executor: nothing is left of it/],
    [
      'garbled',
      `UPDATE "audit" SET document = '{}' WHERE _id = 'api/000000000003'`,
      /link api\/000000000003: it cannot be read/,
    ],
  ]
  for (const [name, sql, sentence] of harms)
    it(`ends with 1 where it was ${name}`, async () => {
      await using kept = await home()
      kept.sql(sql)
      const { code, out, err } = await run(kept.env)
      assert.equal(code, 1)
      assert.match(err, sentence)
      assert.match(out, /The audit is NOT whole: \d+ faults?\.\n$/)
    })

  it('tells machines the same, in one object on the last line', async () => {
    await using kept = await home()
    const whole = JSON.parse((await run(kept.env, '--json')).out) as Record<string, unknown>
    assert.deepEqual([whole['ok'], whole['links'], whole['faultCount']], [true, 10, 0])
    kept.sql(`DELETE FROM "audit" WHERE _id = 'executor/000000000002'`)
    const { code, out, err } = await run(kept.env, '--json')
    const broken = JSON.parse(out) as { ok: boolean; faults: { code: string; id: string }[] }
    assert.deepEqual([code, err, broken.ok], [1, '', false])
    assert.deepEqual(
      broken.faults.map(({ code: fault, id }) => [fault, id]),
      [['missing', 'executor/000000000003']],
    )
  })

  it('trusts the keys that it is given, several of them, and heads that were kept elsewhere', async () => {
    await using kept = await home()
    await using elsewhere = await temporaryFolder()
    const [key, strange, heads] = ['kept.pub', 'strange.pub', 'heads.jsonl'].map((name) =>
      join(elsewhere.path, name),
    ) as [string, string, string]
    await copyFile(join(kept.path, 'audit.key.pub'), key)
    await writeFile(strange, signerFrom(newKey()).publicKey)
    await writeFile(
      heads,
      kept.heads.map((head, i) => JSON.stringify(i % 2 ? head : { msg: 'audit chain sealed', head })).join('\n'),
    )
    const store = `sqlite:${kept.file}`
    assert.equal((await run({}, '--store', store, '--key', strange, '--key', key, '--heads', heads)).code, 0)
    assert.match((await run({}, '--store', store, '--key', strange)).err, /which is not among those given/)
    kept.sql(
      `DELETE FROM "audit" WHERE _id > 'executor/000000000000'; DELETE FROM "audit-heads" WHERE _id > 'executor/000000000000'`,
    )
    assert.equal(
      (await run({}, '--store', store, '--key', key)).code,
      0,
      'cut back to an earlier head: whole by itself',
    )
    const { code, err } = await run({}, '--store', store, '--key', key, '--heads', heads)
    assert.equal(code, 1)
    assert.match(err, /link 4 of executor: it is gone; the kept head/)
  })

  it('ends with 2, and a sentence, when it is used wrongly', async () => {
    await using kept = await home(1)
    const cases: [string[], Record<string, string>, RegExp][] = [
      [['--key', join(kept.path, 'none')], kept.env, /--key .*none: .*ENOENT/],
      [['--key', kept.file], kept.env, /expected Ed25519 public keys as PEM .*found none/],
      [['--heads', join(kept.path, 'audit.key.pub')], kept.env, /--heads .*: line 1: expected a JSON object/],
      [['--store', 'here'], kept.env, /--store: expected sqlite:FILE, got "here"/],
      [[], { KUBEWISE_HOME: join(kept.path, 'empty') }, /no public key at .*; give the one that you have kept/],
      [[], { ...kept.env, KUBEWISE_STORE: 'file' }, /the configuration is wrong:\n {2}KUBEWISE_STORE/],
      [['--what'], kept.env, /unknown option/],
    ]
    for (const [args, env, sentence] of cases) {
      const { code, out, err } = await run(env, ...args)
      assert.deepEqual([code, out], [2, ''], err)
      assert.match(err, sentence)
    }
  })

  it('ends with 1 where there is no record to look at', async () => {
    await using kept = await home(1)
    const { code, err } = await run(kept.env, '--store', `sqlite:${join(kept.path, 'none.sqlite')}`)
    assert.equal(code, 1)
    assert.match(err, /there is no record at/)
  })
})
