#!/usr/bin/env node
import { createCommandLine } from './app.ts'
import { readEnvironment } from './config.ts'

const { stdout, stderr } = process
process.exitCode = await createCommandLine({
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  ...(stderr.isTTY && { progress: (text: string) => void stderr.write(`\r\u001B[K${text}`) }),
  env: readEnvironment,
}).run(process.argv.slice(2))
