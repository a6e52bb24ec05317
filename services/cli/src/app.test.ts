import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@kubewise/testkit'
import { createCommandLine } from './app.ts'

const playbook = (name: string, when = 'target.paused') =>
  `apiVersion: kubewise.io/v1\nkind: Playbook\nmetadata: { name: ${name} }\nspec: { summary: Mine., cause: mine, when: "${when}" }\n`

/** Runs it as a shell would. */
async function run(...args: string[]) {
  const said = { out: '', err: '' }
  const code = await createCommandLine({
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    env: () => ({}),
  }).run(args)
  return { code, ...said }
}

describe('kubewise playbook check', () => {
  it('says which playbooks are right', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'a.yaml')
    await writeFile(file, playbook('mine'))
    assert.deepEqual(await run('playbook', 'check', file), {
      code: 0,
      out: `playbook/mine is right (${file})\n`,
      err: '',
    })
  })

  it('says line, column and reason of every mistake, with the place under a caret, and ends with 1', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'a.yaml'), playbook('mine', 'target.pausd'))
    await writeFile(join(folder.path, 'b.yaml'), playbook('Other'))
    await writeFile(join(folder.path, 'c.yaml'), playbook('third'))
    const { code, out, err } = await run('playbook', 'check', folder.path)
    assert.equal(code, 1)
    assert.match(err, /a\.yaml:4:\d+: spec\.when: No such key: pausd\n.*\n\s+\^/)
    assert.match(err, /b\.yaml:3:\d+: metadata\.name/)
    assert.match(out, /^playbook\/third is right/)
  })

  it('tells machines the same', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'a.yaml'), playbook('mine', 'target.pausd'))
    await writeFile(join(folder.path, 'b.yaml'), playbook('twice'))
    await writeFile(join(folder.path, 'c.yaml'), playbook('twice'))
    const { code, out, err } = await run('playbook', 'check', folder.path, '-o', 'json')
    const { files } = JSON.parse(out) as { files: { ok: boolean; mistakes: { line?: number; say: string }[] }[] }
    assert.deepEqual([code, err], [1, ''])
    assert.deepEqual(
      files.map(({ ok, mistakes }) => [ok, mistakes[0]?.line]),
      [
        [false, 4],
        [true, undefined],
        [false, undefined],
      ],
    )
    assert.match(files[2]?.mistakes[0]?.say ?? '', /the name 'twice' is that of .*b\.yaml already/)
  })

  it('says what cannot be read, and that a folder is empty', async () => {
    await using folder = await temporaryFolder()
    assert.match((await run('playbook', 'check', join(folder.path, 'no.yaml'))).err, /no\.yaml: ENOENT/)
    const { code, err } = await run('playbook', 'check', folder.path)
    assert.equal(code, 1)
    assert.match(err, /^No playbooks found in /)
  })

  const wrong: [string[], RegExp][] = [
    [['playbook', 'check'], /missing required argument 'place'/],
    [['playbook', 'chek', 'a'], /unknown command 'chek'/],
    [['playbook', 'check', 'a', '-o', 'xml'], /Allowed choices are json/],
    [['no-such'], /unknown command 'no-such'/],
  ]
  for (const [args, say] of wrong)
    it(`ends with 2 at kubewise ${args.join(' ')}`, async () => {
      const { code, err } = await run(...args)
      assert.equal(code, 2)
      assert.match(err, say)
    })

  it('helps, with examples', async () => {
    const { code, out } = await run('playbook', 'check', '--help')
    assert.equal(code, 0)
    assert.match(out, /Examples:\n {2}kubewise playbook check rollback\.yaml/)
  })
})
