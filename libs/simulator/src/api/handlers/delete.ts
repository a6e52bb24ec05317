import { apiVersionOf, type KubernetesObject } from '@kubewise/kube'
import { deleteObject, type Deletion, type DeletionOptions } from '../../objects/deletion.ts'
import { isJsonObject } from '../../objects/json.ts'
import { checkAdmission, admit } from '../admission/chain.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { shownAs, storedAs } from '../event-forms.ts'
import type { Answer, ApiContext, ApiRequest } from '../http/api-request.ts'
import { deletionOptions } from '../http/write-options.ts'
import { inListOrder, withoutType } from './list.ts'
import { mustGet } from './read.ts'
import { selectionOf } from '../watch/selection.ts'

/** Kinds whose deletion is answered with the object as it was, also when it is gone. */
const RETURNED = new Set(['Pod', 'Service', 'ServiceAccount', 'PersistentVolumeClaim', 'ResourceQuota'])

function admitDeletion(
  request: ApiRequest,
  { etcd, random }: ApiContext,
  before: KubernetesObject,
  isDryRun: boolean,
): void {
  const { target, namespace, name = before.metadata?.name ?? '', user } = request
  const admission: AdmissionRequest = { operation: 'DELETE', resource: target, namespace, name, before, user, isDryRun }
  admit(admission, { objects: etcd, random })
  checkAdmission(admission, { objects: etcd, random })
}

function success({ target }: ApiRequest, object: KubernetesObject): object {
  const { name = '', uid = '' } = object.metadata ?? {}
  const details = { name, ...(target.group === '' ? {} : { group: target.group }), kind: target.plural, uid }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

function remove(
  request: ApiRequest,
  context: ApiContext,
  before: KubernetesObject,
  options: DeletionOptions,
): Deletion {
  const { namespace, name = '' } = before.metadata ?? {}
  admitDeletion(
    { ...request, name, ...(namespace === undefined ? {} : { namespace }) },
    context,
    before,
    options.isDryRun === true,
  )
  return deleteObject(context.etcd, context.clock, storedAs(request.target), namespace, name, options)
}

export function deleteOne(request: ApiRequest, context: ApiContext): Answer {
  const options = deletionOptions(request)
  const deletion = remove(request, context, mustGet(request, context), options)
  const isShown = RETURNED.has(request.target.kind) || !deletion.isGone
  const orphans = isJsonObject(request.body) ? request.body['orphanDependents'] : undefined
  return {
    status: !deletion.isGone && orphans === false ? 202 : 200,
    body: isShown ? shownAs(request.target, deletion.object) : success(request, deletion.object),
  }
}

/** Deletes all that is selected; answers with the list of it. */
export function deleteCollection(request: ApiRequest, context: ApiContext): Answer {
  const { target } = request
  const options = deletionOptions(request)
  const selection = selectionOf(request)
  const found = inListOrder(context.etcd.list(storedAs(target)).filter(selection.isSelected))
  const items = found.map((object) => shownAs(target, remove(request, context, object, options).object))
  const metadata = { resourceVersion: context.etcd.resourceVersion() }
  const bare = items.map(withoutType)
  return { status: 200, body: { kind: `${target.kind}List`, apiVersion: apiVersionOf(target), metadata, items: bare } }
}
