import type { Environment } from '@kubewise/service'
import { Command, CommanderError } from 'commander'
import { addAuditCommands } from './commands/audit.ts'
import { addPlaybookCommands } from './commands/playbook.ts'
import { addValidateQueriesCommand } from './commands/validate-queries.ts'

/** Where a command writes: what was asked for, and what there is to say about it. */
export interface Output {
  out(text: string): void
  err(text: string): void
  /** Only where somebody watches: a line that takes the place of the one before; an empty one clears it. */
  progress?(text: string): void
}

/** What a command is run with. */
export interface CommandPorts extends Output {
  /** For commands that look where the services keep their things; read only by these. */
  env: () => Environment
}

/** As kubectl has them: 0 done, 1 failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2

/** What a command hands back, so that the process ends with it. */
export type Finish = (code: ExitCode) => void

/** `kubewise`, the command line for operators. Each command is a file in `commands`. */
export function createCommandLine(output: CommandPorts): { run(args: readonly string[]): Promise<ExitCode> } {
  return {
    async run(args) {
      let code: ExitCode = 0
      const program = new Command('kubewise')
        .description('Repairs a Kubernetes cluster by itself; this is its command line.')
        .exitOverride()
        .configureOutput({ writeOut: output.out, writeErr: output.err })
        .showHelpAfterError('(kubewise --help tells what there is)')
      const finish: Finish = (ended) => void (code = ended)
      addPlaybookCommands(program, output, finish)
      addAuditCommands(program, output, finish)
      addValidateQueriesCommand(program, output, finish)
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
