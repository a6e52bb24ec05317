import { Command, CommanderError } from 'commander'
import { addPlaybookCommands } from './commands/playbook.ts'

/** Where a command writes: what was asked for, and what there is to say about it. */
export interface Output {
  out(text: string): void
  err(text: string): void
}

/** As kubectl has them: 0 done, 1 failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2

/** What a command hands back, so that the process ends with it. */
export type Finish = (code: ExitCode) => void

/** `kubewise`, the command line for operators. Each command is a file in `commands`. */
export function createCommandLine(output: Output): { run(args: readonly string[]): Promise<ExitCode> } {
  return {
    async run(args) {
      let code: ExitCode = 0
      const program = new Command('kubewise')
        .description('Repairs a Kubernetes cluster by itself; this is its command line.')
        .exitOverride()
        .configureOutput({ writeOut: output.out, writeErr: output.err })
        .showHelpAfterError('(kubewise --help tells what there is)')
      addPlaybookCommands(program, output, (ended) => void (code = ended))
      try {
        await program.parseAsync(args, { from: 'user' })
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        return error.exitCode === 0 ? 0 : 2
      }
      return code
    },
  }
}
