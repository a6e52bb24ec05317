import assert from 'node:assert/strict'
import { connectKube, RESOURCES, type Kube, type ResourceQuota } from '@kubewise/kube'
import { silentLog, systemClock } from '@kubewise/service'
import { eventually, skipWithout } from '@kubewise/testkit'
import { ADMISSIONS, bothAnswers, FINE_ADMISSIONS } from '../fixture/admitted.ts'
import { createPlaceReader } from './read-place.ts'

const SERVICE_ACCOUNT = {
  kind: 'ServiceAccount',
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  isNamespaced: true,
}
const ALL = [...ADMISSIONS, ...FINE_ADMISSIONS]

describe('what is told of admission without asking a real API server', () => {
  const kubeconfig = skipWithout(process.env['KUBECONFIG'], 'KUBECONFIG is not set')
  const held = new AsyncDisposableStack()
  let kube: Kube
  const namespaceOf = (name: string) => `kubewise-admission-${name}`

  /** The quota is counted, and the account is there that every pod runs as. */
  const untilSettled = async (namespace: string) => {
    const isSettled = async () => {
      const [quotas, account] = await Promise.all([
        kube.list<ResourceQuota>(RESOURCES.ResourceQuota, { namespace }),
        kube.get(SERVICE_ACCOUNT, { namespace, name: 'default' }),
      ])
      return account !== undefined && quotas.items.every(({ status }) => status?.hard !== undefined)
    }
    await eventually(isSettled, { timeoutMs: 60_000, say: 'the namespace is settled' })
  }

  async function clear(): Promise<void> {
    for (const { name } of ALL)
      for (const resource of [RESOURCES.ValidatingWebhookConfiguration, RESOURCES.Namespace]) {
        const found = await kube.get(resource, { name: namespaceOf(name) })
        if (found) await kube.delete(resource, { name: namespaceOf(name) }, found.metadata?.uid ?? '')
      }
  }

  before(async () => {
    kube = await connectKube({ kubeconfig, fieldManager: 'test', clock: systemClock, log: silentLog })
    await clear()
    held.defer(clear)
  })
  after(() => held.disposeAsync())

  for (const admission of ALL)
    it(`${admission.name}: ${admission.expected}, as the server says`, async () => {
      const namespace = namespaceOf(admission.name)
      const readPlace = createPlaceReader(kube, systemClock)
      await eventually(async () => (await kube.get(RESOURCES.Namespace, { name: namespace })) === undefined, {
        timeoutMs: 60_000,
        say: 'no namespace is left from before',
      })
      const answers = await bothAnswers(kube, readPlace, namespace, admission, untilSettled)
      assert.deepEqual(answers, { server: admission.expected, predicted: admission.expected })
    })
})
