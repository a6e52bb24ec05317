import { parseArgs } from 'node:util'

export interface Options {
  /** Numbers; none is all. */
  scenarios: number[]
  folder: string | undefined
  isJson: boolean
}

const USAGE = 'expected [--scenario N…] --plans-only [--scenarios FOLDER] [--json]'

/** Reads the command line. @returns the options, or one sentence that says what is wrong with it */
export function optionsOf(args: readonly string[]): Options | string {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        scenario: { type: 'string', multiple: true },
        scenarios: { type: 'string' },
        'plans-only': { type: 'boolean' },
        cluster: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    })
  } catch (error) {
    return `${(error as Error).message.split('. ')[0] ?? ''}; ${USAGE}`
  }
  const { values, positionals } = parsed
  if (values.cluster)
    return '--cluster cannot play on a real cluster yet; use --plans-only, which replays recorded signals'
  if (!values['plans-only'])
    return 'full play, with what the plans do to the cluster, is not there yet; use --plans-only, which replays recorded signals up to the plan'
  // `--scenario 1 2 3`: what follows the first number stands alone.
  const numbers = [...(values.scenario ?? []), ...positionals]
  if (positionals.length > 0 && values.scenario === undefined) return `'${positionals[0]}' is no option; ${USAGE}`
  const strange = numbers.find((text) => !/^[1-9]\d*$/.test(text))
  if (strange !== undefined) return `--scenario: expected the number of a scenario, got '${strange}'`
  return { scenarios: numbers.map(Number), folder: values.scenarios, isJson: values.json ?? false }
}
