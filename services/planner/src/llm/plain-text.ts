/** What draws nothing or steers what is drawn: controls, formats (zero width, bidirectional, tags), surrogates, private use. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\u115f\u1160\u3164\uffa0]|\u034f/gu

/**
 * Text from outside in one plain form: compatible letters made one (NFKC), what is not seen removed, blanks run together, cut
 * to a length. It is still data of whoever wrote it.
 */
export function plainText(text: string, maxLength: number): string {
  const short = text.slice(0, maxLength * 4)
  const plain = short.normalize('NFKC').replace(/\s+/gu, ' ').replace(UNSEEN, '').trim()
  return plain.length <= maxLength ? plain : `${plain.slice(0, maxLength - 1)}…`
}
