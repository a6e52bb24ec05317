#!/usr/bin/env node
import { createCommandLine } from './app.ts'

process.exitCode = await createCommandLine({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}).run(process.argv.slice(2))
