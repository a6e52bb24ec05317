import assert from 'node:assert/strict'
import { connectKube, type Kube } from '@kubewise/kube'
import { systemClock } from '@kubewise/service'
import { createSimulator, type Simulator } from '@kubewise/simulator'
import { testKit } from '@kubewise/testkit'
import { ADMISSIONS, bothAnswers } from '../fixture/admitted.ts'
import { createPlaceReader } from './read-place.ts'

describe('what is told of admission without asking', () => {
  const kit = testKit({ name: 'agreement', clock: systemClock })
  let simulator: Simulator
  let kube: Kube
  before(async () => {
    simulator = await createSimulator({ clock: systemClock })
    kube = await connectKube({ kubeconfig: simulator.kubeconfig(), fieldManager: 'test', ...kit })
  })
  after(async () => {
    kit.abort()
    await simulator.stop()
  })

  for (const admission of ADMISSIONS)
    it(`${admission.name}: ${admission.expected}, as the server says`, async () => {
      const answers = await bothAnswers(kube, createPlaceReader(kube, systemClock), admission.name, admission)
      assert.deepEqual(answers, { server: admission.expected, predicted: admission.expected })
    })

  it('has nothing of a namespace for what lies in none', async () => {
    const { quotas, nodes } = await createPlaceReader(kube, systemClock)('', new AbortController().signal)
    assert.deepEqual(quotas, { isKnown: true, value: [] })
    assert.ok(nodes.isKnown && nodes.value.length > 0)
  })

  it('stored nothing', () => {
    const pods = simulator.audit().filter(({ verb, resource }) => verb === 'create' && resource === 'pods')
    assert.ok(pods.length >= ADMISSIONS.length)
    assert.deepEqual(
      simulator.objects.list({ kind: 'Pod', group: '', version: 'v1', plural: 'pods', isNamespaced: true }, 'plain'),
      [],
    )
  })
})
