/** Somebody else has the work now; whoever throws or catches this must not write any more. */
export class LostError extends Error {
  override readonly name = 'LostError'
}
