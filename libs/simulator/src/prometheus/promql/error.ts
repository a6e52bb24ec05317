/** A query that cannot be answered: `bad_data` when it is wrong in itself, `execution` when it fails on the data. */
export class PromqlError extends Error {
  readonly kind: 'bad_data' | 'execution'

  constructor(kind: 'bad_data' | 'execution', message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PromqlError'
    this.kind = kind
  }
}
