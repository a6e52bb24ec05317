import type { PodTemplate } from '@kubewise/kube'

/** Letters and digits without vowels, so that no hash spells a word. */
const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * The short name of a pod template, as `pod-template-hash` and in the names of revisions. Stable under the order of
 * members; the real one hashes a Go structure, so that the letters differ, not the form.
 */
export function templateLabel(template: PodTemplate, collisions = 0): string {
  const known = collisions === 0 ? labels.get(template) : undefined
  if (known) return known
  const label = hash(canonical(template) + (collisions > 0 ? String(collisions) : ''))
  if (collisions === 0) labels.set(template, label)
  return label
}

/** Stored objects do not change, so that a template is hashed once. */
const labels = new WeakMap<PodTemplate, string>()

function hash(text: string): string {
  let state = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193) >>> 0
  return Array.from(String(state), (digit) => SAFE_LETTERS[digit.charCodeAt(0) % SAFE_LETTERS.length]).join('')
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
