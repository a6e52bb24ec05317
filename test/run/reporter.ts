import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { styleText } from 'node:util'
import type { Runner, Test } from 'mocha'

const out = process.stdout
const colour = (style: 'red' | 'green' | 'yellow', text: string) => (out.isTTY ? styleText(style, text) : text)
const WIDTH = 30

/**
 * Mocha reporter: a bar on a terminal, silence in a pipe until something fails; then what, where and why. Totals go to the
 * file in the reporter option `totals`, so that several runs can be summed up.
 */
export default function Report(
  runner: Runner,
  options: { reporterOptions?: { totals?: string }; reporterOption?: { totals?: string } },
): void {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const file = options.reporterOptions?.totals ?? options.reporterOption?.totals

  const showProgress = () => {
    if (!out.isTTY) return
    const done = totals.passed + totals.failed + totals.skipped
    const bar = '█'.repeat(Math.round((WIDTH * done) / Math.max(done, runner.total))).padEnd(WIDTH, '░')
    out.write(`\r${bar} ${done} of ${runner.total}`)
  }

  runner.on('pass', () => {
    totals.passed += 1
    showProgress()
  })
  runner.on('pending', () => {
    totals.skipped += 1
    showProgress()
  })
  runner.on('fail', (test: Test, error: Error) => {
    totals.failed += 1
    const at = test.file ? ` (${relative(process.cwd(), test.file)})` : ''
    out.write(`${out.isTTY ? '\r' : ''}${colour('red', '✘')} ${test.titlePath().join(' › ')}${at}\n`)
    out.write(`${(error.stack ?? String(error)).replaceAll(/^/gm, '    ')}\n`)
  })
  runner.once('end', () => {
    if (out.isTTY) out.write('\r\u001B[K')
    if (file) writeFileSync(file, JSON.stringify(totals))
  })
}
