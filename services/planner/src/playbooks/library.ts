import { join } from 'node:path'
import { RESOURCES, type ConfigMap, type Kube } from '@kubewise/kube'
import { isPlaybookName, libraryOf, readFolder, type Library, type PlaybookText } from '@kubewise/playbooks'
import { explain } from '@kubewise/service'

const BUILT_IN = join(import.meta.dirname, '..', '..', 'playbooks')
const CONFIG_MAP = /^configmap:([^/\s]+)\/([^/\s]+)$/

/** The playbooks in a ConfigMap, by key. @throws Error where it is not there, or cannot be read */
async function readConfigMap(kube: Pick<Kube, 'get'>, namespace: string, name: string): Promise<PlaybookText[]> {
  const configMap = await kube.get<ConfigMap>(RESOURCES.ConfigMap, { namespace, name })
  if (!configMap) throw new Error('there is no such ConfigMap')
  return Object.entries(configMap.data ?? {})
    .filter(([key]) => isPlaybookName(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => ({ file: `${namespace}/${name}/${key}`, text }))
}

/** A user's own; what cannot be read is told and is none, so that the built-in ones go on. */
async function readUsers(
  place: string | undefined,
  kube: Pick<Kube, 'get'>,
): Promise<{ texts: PlaybookText[]; mistakes: string[] }> {
  if (place === undefined) return { texts: [], mistakes: [] }
  const [, namespace, name] = CONFIG_MAP.exec(place) ?? []
  try {
    const texts = namespace && name ? await readConfigMap(kube, namespace, name) : await readFolder(place)
    return { texts, mistakes: [] }
  } catch (error) {
    const say = `KUBEWISE_PLAYBOOKS: expected a folder, or configmap:NAMESPACE/NAME, that can be read, got "${place}": ${explain(error)}`
    return { texts: [], mistakes: [say] }
  }
}

/** The built-in playbooks as they are kept. */
export const builtInPlaybooks = (): Promise<PlaybookText[]> => readFolder(BUILT_IN)

/**
 * The built-in playbooks and a user's.
 *
 * @param place of the user's: a folder, or `configmap:NAMESPACE/NAME`
 * @throws Error if a built-in one has a mistake: the installation is broken
 */
export async function loadLibrary(place: string | undefined, kube: Pick<Kube, 'get'>): Promise<Library> {
  const [builtIn, users] = await Promise.all([builtInPlaybooks(), readUsers(place, kube)])
  const { playbooks, mistakes } = libraryOf(builtIn, users.texts)
  return { playbooks, mistakes: [...users.mistakes, ...mistakes] }
}
