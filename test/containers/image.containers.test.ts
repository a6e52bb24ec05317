import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { skipWithout, type TemporaryFolder } from '@kubewise/testkit'
import { cleanCheckout } from './checkout.ts'
import { docker, findEngine, NO_ENGINE, ROOT } from './engine.ts'

const IMAGE = `kubewise-test-image:${process.pid}`
const SERVICES = ['collector', 'detector', 'planner', 'executor', 'api']

describe('the image', () => {
  skipWithout(findEngine(), NO_ENGINE)
  let checkout: TemporaryFolder

  before(async () => {
    if (!findEngine()) return
    checkout = await cleanCheckout()
    await docker(['build', '--tag', IMAGE, '.'], { cwd: checkout.path })
  })
  after(async () => {
    if (!checkout) return
    await docker(['rmi', '--force', IMAGE])
    await checkout[Symbol.asyncDispose]()
  })

  const shell = (script: string) => docker(['run', '--rm', '--network', 'none', IMAGE, 'sh', '-c', script])

  it('is built by the pnpm that the workspace pins', () => {
    const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      packageManager: string
    }
    const named = /\bpnpm@[\d.]+/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
    assert.equal(named?.[0], packageManager)
  })

  it('runs as a user without rights, its command in exec form', async () => {
    const { User, Cmd, Entrypoint, Healthcheck } = JSON.parse(
      await docker(['inspect', '--format', '{{json .Config}}', IMAGE]),
    ) as { User: string; Cmd: string[]; Entrypoint: unknown; Healthcheck: { Test: string[] } }
    assert.equal(User, '10001:10001')
    assert.deepEqual(Cmd, ['node', 'services/api/src/main.ts'])
    assert.ok(!Entrypoint || (Entrypoint as string[])[0] !== '/bin/sh')
    assert.equal(Healthcheck.Test[0], 'CMD')
  })

  it('holds nothing that only development needs', async () => {
    const found = await shell(
      `ls node_modules/.pnpm | grep -E '^(node|typescript|mocha|c8|knip|oxlint|oxfmt|testcontainers|fast-check)@'
       find / -xdev -path /app/node_modules -prune -o -path '/app/*.test.ts' -print
       ls -d /app/test /app/.git /app/.env 2>/dev/null; true`,
    )
    assert.equal(found, '')
  })

  it('belongs to root, so that what runs cannot change it', async () => {
    assert.equal(await shell('find /app -xdev ! -user root -o -type f -perm -o+w | head -n 3'), '')
  })

  for (const service of SERVICES)
    it(`starts ${service} on a read-only root file system and tells what is not configured`, async () => {
      const hardened = ['--rm', '--network', 'none', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL']
      await assert.rejects(
        docker(['run', ...hardened, IMAGE, 'node', `services/${service}/src/main.ts`]),
        ({ message, cause }: Error) =>
          (cause as { code?: number }).code === 2 && /^ +NATS_URL: not set, expected/m.test(message),
      )
    })
})
