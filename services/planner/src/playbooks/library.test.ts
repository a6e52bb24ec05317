import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@kubewise/testkit'
import type { Kube, KubernetesObject } from '@kubewise/kube'
import { loadLibrary } from './library.ts'

const playbook = (name: string, when = 'target.paused', order = 5) =>
  `apiVersion: kubewise.io/v1\nkind: Playbook\nmetadata: { name: ${name} }\nspec: { summary: Mine., cause: mine, order: ${order}, when: ${when} }\n`

const configMaps = (data?: Record<string, string>): Pick<Kube, 'get'> => ({
  get: async <T extends KubernetesObject>() => (data && { data }) as T | undefined,
})
const noConfigMaps = configMaps()

describe('the library of playbooks', () => {
  it('has the built-in ones in their order, all of which are right', async () => {
    const { playbooks, mistakes } = await loadLibrary(undefined, noConfigMaps)
    assert.deepEqual(mistakes, [])
    assert.ok(playbooks.length > 20)
    const orders = playbooks.map(({ order }) => order)
    assert.deepEqual(
      orders,
      [...orders].sort((a, b) => a - b),
    )
  })

  it('asks those that leave everything alone before those that act', async () => {
    const { playbooks } = await loadLibrary(undefined, noConfigMaps)
    const acting = playbooks.findIndex(({ steps }) => steps.some(({ action }) => !action.isPassive))
    const traps = [
      'completed-job',
      'failed-job',
      'bare-pod',
      'scaled-to-zero',
      'paused',
      'owned-elsewhere',
      'dependency-down',
    ]
    for (const name of traps) assert.ok(playbooks.findIndex((each) => each.name === name) < acting, name)
  })

  it('adds a user’s own, in the place of a built-in one of the same name', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'a.yaml'), playbook('mine'))
    await writeFile(join(folder.path, 'b.yml'), playbook('bare-pod', 'target.exists', 1))
    await writeFile(join(folder.path, 'notes.txt'), 'not a playbook')
    await mkdir(join(folder.path, '..data'))
    const { playbooks, mistakes } = await loadLibrary(folder.path, noConfigMaps)
    assert.deepEqual(mistakes, [])
    assert.equal(playbooks[0]?.name, 'bare-pod')
    assert.equal(playbooks.filter(({ name }) => name === 'bare-pod').length, 1)
    assert.ok(playbooks.some(({ name }) => name === 'mine'))
  })

  it('leaves out what is wrong and tells all of it, and goes on with the rest', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'a.yaml'), playbook('mine', 'target.pause'))
    await writeFile(join(folder.path, 'b.yaml'), playbook('other'))
    await writeFile(join(folder.path, 'c.yaml'), playbook('other'))
    const { playbooks, mistakes } = await loadLibrary(folder.path, noConfigMaps)
    assert.equal(mistakes.length, 2)
    assert.match(mistakes[0] ?? '', /^a\.yaml:4:\d+: spec\.when: No such key: pause/)
    assert.match(mistakes[1] ?? '', /the name 'other' is used twice/)
    assert.equal(playbooks.filter(({ name }) => name === 'other').length, 1)
  })

  it('tells a folder that cannot be read', async () => {
    const { playbooks, mistakes } = await loadLibrary('/nowhere/at/all', noConfigMaps)
    assert.match(
      mistakes.join(),
      /KUBEWISE_PLAYBOOKS: expected a folder, or configmap:NAMESPACE\/NAME, that can be read, got "\/nowhere\/at\/all"/,
    )
    assert.ok(playbooks.length > 0)
  })

  it('takes a user’s own from a ConfigMap, and tells one that is not there', async () => {
    const own = configMaps({ 'mine.yaml': playbook('mine'), 'wrong.yaml': playbook('wrong', 'no'), notes: 'text' })
    const { playbooks, mistakes } = await loadLibrary('configmap:ops/playbooks', own)
    assert.ok(playbooks.some(({ name }) => name === 'mine'))
    assert.equal(mistakes.length, 1)
    assert.match(mistakes[0] ?? '', /^ops\/playbooks\/wrong\.yaml:4:/)
    const none = await loadLibrary('configmap:ops/playbooks', noConfigMaps)
    assert.match(none.mistakes.join(), /got "configmap:ops\/playbooks": there is no such ConfigMap/)
    assert.ok(none.playbooks.length > 0)
  })
})
