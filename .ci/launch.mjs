/**
 * Starts a program of the workspace on Node 24 from any Node ≥ 20: installs what is missing first, then hands over.
 * Usage: node .ci/launch.mjs FILE [ARG…]   or   node .ci/launch.mjs --bin NAME [ARG…]
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.kubewise-installed')
const node = join(root, 'node_modules', 'node', 'bin', 'node')

/** What decides whether the installed tree is the wanted one. */
function wanted() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)))
  }
  for (const group of ['libs', 'services']) {
    for (const name of readdirSync(join(root, group)).sort()) {
      const file = join(root, group, name, 'package.json')
      if (existsSync(file)) hash.update(readFileSync(file))
    }
  }
  if (existsSync(join(root, 'test', 'package.json'))) hash.update(readFileSync(join(root, 'test', 'package.json')))
  return hash.digest('hex')
}

function install() {
  const hash = wanted()
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (process.stderr.isTTY) process.stderr.write('Installing dependencies (once)…\n')
  const result = spawnSync('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CI: 'true' },
    encoding: 'utf8',
  })
  if (result.status !== 0 || !existsSync(node)) {
    process.stderr.write(`${result.stdout}${result.stderr}\n`)
    process.stderr.write(
      `Installing dependencies failed (${packageManager}, exit ${result.status ?? result.error?.message}); is the npm registry reachable?\n`,
    )
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, hash)
}

/** A heap that grows by a third of what lives in it, not to thrice as much: detectors hold much that lives, and make much that does not. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--heap-growing-percent=30', '--max-semi-space-size=8']

install()
let [first, ...rest] = process.argv.slice(2)
const program = first === '--bin' ? join(root, 'node_modules', '.bin', rest.shift() ?? '') : join(root, first ?? '')
const [command, args] = first === '--bin' ? [program, rest] : [node, [...NODE_FLAGS, program, ...rest]]
const child = spawn(command, args, {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
