import assert from 'node:assert/strict'
import { CriticalMarks } from './critical-marks.ts'

const target = (kind: string, namespace: string, name: string) => ({ cluster: 'c', kind, namespace, name })
const web = target('Deployment', 'shop', 'web')
const marked = (name: string, namespace?: string, value = 'true') => ({
  metadata: { name, ...(namespace !== undefined && { namespace }), annotations: { 'kubewise.io/critical': value } },
})

describe('critical marks', () => {
  it('are on a workload or its namespace', () => {
    const marks = new CriticalMarks()
    assert.equal(marks.isCritical(web), false)
    marks.upsert('Deployment', marked('web', 'shop'))
    marks.upsert('Namespace', marked('bank'))
    assert.equal(marks.isCritical(web), true)
    assert.equal(marks.isCritical(target('StatefulSet', 'shop', 'web')), false)
    assert.equal(marks.isCritical(target('Deployment', 'other', 'web')), false)
    assert.equal(marks.isCritical(target('StatefulSet', 'bank', 'db')), true)
  })
  it('end with the annotation, with another value, and with the object', () => {
    const marks = new CriticalMarks()
    const cases: [string, () => void][] = [
      ['no annotation', () => marks.upsert('Deployment', { metadata: { name: 'web', namespace: 'shop' } })],
      ['false', () => marks.upsert('Deployment', marked('web', 'shop', 'false'))],
      ['no value that is known', () => marks.upsert('Deployment', marked('web', 'shop', 'yes'))],
      ['gone', () => marks.remove('Deployment', { metadata: { name: 'web', namespace: 'shop' } })],
    ]
    for (const [name, end] of cases) {
      marks.upsert('Deployment', marked('web', 'shop'))
      assert.equal(marks.isCritical(web), true, name)
      end()
      assert.equal(marks.isCritical(web), false, name)
    }
  })
  it('are nothing to an object that is called like a part of JavaScript', () => {
    const marks = new CriticalMarks()
    marks.upsert('Deployment', { metadata: { name: '__proto__', namespace: 'constructor' } })
    assert.equal(marks.isCritical(target('Deployment', 'constructor', '__proto__')), false)
    marks.upsert('Deployment', marked('__proto__', 'constructor'))
    assert.equal(marks.isCritical(target('Deployment', 'constructor', '__proto__')), true)
    assert.equal(marks.isCritical(web), false)
  })
})
