import { isJsonObject, type Json } from '../../objects/json.ts'

/** RFC 7396: members of the patch replace, null removes, anything but an object replaces the whole. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const result: Record<string, Json> = {}
  for (const [name, value] of Object.entries(isJsonObject(target) ? target : {})) {
    if (value !== undefined) result[name] = value
  }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete result[name]
    else result[name] = applyMergePatch(result[name], value)
  }
  return result
}
