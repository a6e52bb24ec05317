import { redactText } from './redaction/redact-text.ts'

const DEEPEST_CAUSE = 5

function sentence(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map((each) => sentence(each)))].join('; ')
  if (error instanceof Error) return error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
  return String(error)
}

/** One line that tells why, for a log or a health check: the error's message and those of its causes, each once. */
export function explain(error: unknown): string {
  const sentences: string[] = []
  let cause = error
  for (let depth = 0; cause !== undefined && depth < DEEPEST_CAUSE; depth++) {
    const next = sentence(cause)
    if (!sentences.some((earlier) => earlier.includes(next))) sentences.push(next)
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return redactText(sentences.join(': '))
}
