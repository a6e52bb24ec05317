import { isJsonObject, textOf, type Json } from '../../objects/json.ts'

/** A JSON value as Go prints it: `map[image:busybox name:app]`, `[1 2]`. The server quotes patches like that. */
export function goText(value: Json | undefined): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isJsonObject(value)) return textOf(value)
  const members = Object.keys(value).sort()
  return `map[${members.map((name) => `${name}:${goText(value[name])}`).join(' ')}]`
}
