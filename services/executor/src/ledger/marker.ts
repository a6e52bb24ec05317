const UNDO = '/undo'

function partsOf(marker: string) {
  const isUndo = marker.endsWith(UNDO)
  const forwards = isUndo ? marker.slice(0, -UNDO.length) : marker
  const end = forwards.lastIndexOf('/')
  const epoch = forwards.slice(end + 1)
  return { isUndo, step: forwards.slice(0, end), epoch: /^\d+$/.test(epoch) ? Number(epoch) : NaN }
}

/**
 * Was a marker left by the very write that ours is for: the same step of the same plan in the same direction, sent by us or by
 * whoever had the plan before? A request that comes late after a takeover bears an earlier epoch; it is one write all the same.
 *
 * @param found what is on the object
 * @param ours `<plan>/<step>/<epoch>`, or the same with `/undo`
 */
export function isOfWrite(found: string | undefined, ours: string): boolean {
  if (found === undefined) return false
  if (found === ours) return true
  const theirs = partsOf(found)
  const own = partsOf(ours)
  return theirs.step === own.step && theirs.isUndo === own.isUndo && theirs.epoch <= own.epoch
}
