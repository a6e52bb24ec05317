import { runStandalone } from './run.ts'

process.exit(await runStandalone(process.argv.slice(2)))
