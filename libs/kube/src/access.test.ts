import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { temporaryFolder, VirtualClock } from '@kubewise/testkit'
import { systemClock } from '@kubewise/service'
import { openAccess } from './access.ts'
import { json, kubeconfigFor, openTestKube, scriptedServer, status } from './api-server.test-data.ts'
import { locateKubeconfig } from './config.ts'
import { KubeError } from './errors.ts'
import { readKubeconfig } from './kubeconfig.ts'

function refusal(run: () => unknown): KubeError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof KubeError, String(error))
    return error
  }
  return assert.fail('expected a KubeError')
}

const open = (kubeconfig: string, context?: string) => openAccess(kubeconfig, context, systemClock)

/** A kubeconfig with one context of the given name, whose parts carry it too. */
function named(name: string, server = 'https://one.example:6443', current = name): string {
  return [
    `current-context: ${current}`,
    'contexts:',
    `- { name: ${name}, context: { cluster: ${name}, user: ${name} } }`,
    `clusters: [{ name: ${name}, cluster: { server: "${server}" } }]`,
    `users: [{ name: ${name}, user: { token: token-of-${name} } }]`,
    '',
  ].join('\n')
}

describe('way into a cluster', () => {
  describe('a kubeconfig that is wrong', () => {
    const cases: [what: string, text: string, context: string | undefined, expected: RegExp][] = [
      ['no YAML', 'a: b: c\n- token: hunter2', undefined, /kubeconfig: expected YAML, line \d+ is not/],
      ['another document', '- a\n- b', undefined, /expected a kubeconfig/],
      ['nothing', '\n', undefined, /got nothing/],
      [
        'lists that are none',
        'contexts: {}\nclusters: 5\n',
        undefined,
        /contexts: expected a list; clusters: expected a list/,
      ],
      ['entries without names', 'contexts: [{}]\nusers: [5]\n', undefined, /contexts\[0\].name.*users\[0\].name/],
      [
        'no current context',
        named('prod').replace('current-context: prod', ''),
        undefined,
        /no context was chosen.*there are: prod/,
      ],
      ['another context', named('prod'), 'staging', /context "staging" does not exist; there are: prod/],
      [
        'no such cluster',
        named('prod').replace('clusters: [{ name: prod', 'clusters: [{ name: other'),
        undefined,
        /names the cluster "prod"; there are: other/,
      ],
      [
        'no such user',
        named('prod').replace('users: [{ name: prod', 'users: [{ name: other'),
        undefined,
        /names the user "prod"; there are: other/,
      ],
      ['no server', named('prod').replace('server:', 'serve:'), undefined, /server expected a URL/],
      ['another protocol', named('prod', 'ftp://one'), undefined, /expected https/],
      [
        'plain HTTP to another machine',
        named('prod', 'http://one.example'),
        undefined,
        /plain HTTP is allowed only to this machine/,
      ],
      [
        'plain HTTP to a name that looks like this machine',
        named('prod', 'http://127.0.0.1.example.com'),
        undefined,
        /plain HTTP/,
      ],
    ]
    for (const [what, text, context, expected] of cases) {
      it(`${what}: says so`, () => {
        const error = refusal(() => open(text, context))
        assert.equal(error.kind, 'invalid')
        assert.match(error.message, expected)
        assert.doesNotMatch(error.message, /hunter2|token-of/)
      })
    }
  })

  it('allows plain HTTP to this machine, and elsewhere where verification is off', () => {
    for (const server of ['http://127.0.0.1:8001', 'http://localhost:8001', 'http://[::1]:8001']) {
      assert.equal(open(named('dev', server)).server.protocol, 'http:')
    }
    const skipped = named('dev', 'http://one.example').replace('server:', 'insecure-skip-tls-verify: true, server:')
    assert.equal(open(skipped).server.hostname, 'one.example')
  })

  describe('files', () => {
    it("are found in kubectl's order", async () => {
      await using folder = await temporaryFolder()
      assert.deepEqual(locateKubeconfig('/a/b', {}), { kind: 'files', paths: ['/a/b'], from: 'the configuration' })
      assert.equal(locateKubeconfig('apiVersion: v1\n', {}).kind, 'text')
      const several = ['/a', '/b'].join(path.delimiter)
      assert.deepEqual(locateKubeconfig(undefined, { KUBECONFIG: several }), {
        kind: 'files',
        paths: ['/a', '/b'],
        from: 'KUBECONFIG',
      })
      const none = locateKubeconfig(undefined, { HOME: folder.path })
      assert.equal(none.kind, 'none')
      assert.match(
        none.kind === 'none' ? none.searched : '',
        /KUBECONFIG is not set, .*config does not exist, and this is not a pod/,
      )
    })

    it('are merged: the first that names a thing wins, missing ones are passed over', async () => {
      await using folder = await temporaryFolder()
      const file = (name: string) => path.join(folder.path, name)
      await writeFile(file('one'), named('prod', 'https://first'))
      await writeFile(file('two'), named('prod', 'https://second'))
      await writeFile(file('three'), named('staging', 'https://third'))
      const paths = [file('absent'), file('one'), file('two'), file('three')]
      const read = (context?: string) => readKubeconfig({ kind: 'files', paths, from: 'KUBECONFIG' }, context)
      assert.deepEqual([read().context, read().cluster['server']], ['prod', 'https://first'])
      assert.equal(read('staging').cluster['server'], 'https://third')
      assert.match(refusal(() => open(file('absent'))).message, /absent.*ENOENT/)
      assert.match(
        refusal(() => open([file('absent'), file('gone')].join(path.delimiter))).message,
        /none of .* exists/,
      )
    })

    it('name others beside themselves', async () => {
      await using folder = await temporaryFolder()
      const text = named('prod').replace(
        'token: token-of-prod',
        'tokenFile: secret/token, client-key: k.pem, exec: { command: ./plugin }',
      )
      await writeFile(path.join(folder.path, 'config'), text)
      const paths = [path.join(folder.path, 'config')]
      const { user } = readKubeconfig({ kind: 'files', paths, from: 'KUBECONFIG' }, undefined)
      assert.deepEqual(
        [user['tokenFile'], user['client-key']],
        [path.join(folder.path, 'secret/token'), path.join(folder.path, 'k.pem')],
      )
      assert.deepEqual(user['exec'], { command: path.join(folder.path, 'plugin') })
    })
  })

  describe('credentials', () => {
    const authorization = async (user: object): Promise<string | undefined> => {
      await using server = await scriptedServer((response) => json(response, 200, { gitVersion: 'v1' }))
      await openTestKube(kubeconfigFor(server.url, user), systemClock).serverVersion()
      return server.received[0]?.headers.authorization
    }

    it('are sent: a token, a name with a password, nothing', async () => {
      assert.equal(await authorization({ token: 'abc' }), 'Bearer abc')
      assert.equal(await authorization({ username: 'u', password: 'p' }), `Basic ${btoa('u:p')}`)
      assert.equal(await authorization({}), undefined)
    })

    it('come from a plugin, which is told what it is asked for', async () => {
      await using folder = await temporaryFolder()
      const plugin = path.join(folder.path, 'plugin')
      const script = [
        `#!${process.execPath}`,
        'const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO)',
        "console.log(JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token: 'from-' + process.env.WHO } }))",
      ]
      await writeFile(plugin, script.join('\n'))
      await chmod(plugin, 0o755)
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: plugin,
        env: [{ name: 'WHO', value: 'plugin' }],
      }
      assert.equal(await authorization({ exec }), 'Bearer from-plugin')
    })

    for (const [what, command, args] of [
      ['is not there', '/nonexistent/plugin', []],
      ['fails', 'sh', ['-c', 'echo no entry >&2; exit 1']],
      ['answers with something else', 'echo', ['hunter2']],
    ] as const) {
      it(`from a plugin that ${what}: unauthorized, and nothing is sent`, async () => {
        await using server = await scriptedServer()
        const kube = openTestKube(kubeconfigFor(server.url, { exec: { command, args } }), systemClock)
        const error: unknown = await kube.serverVersion().catch((reason: unknown) => reason)
        assert.ok(error instanceof KubeError)
        assert.deepEqual([error.kind, error.reason], ['unauthorized', 'NoCredentials'])
        assert.doesNotMatch(error.message, /hunter2/)
        assert.equal(server.received.length, 0)
      })
    }

    it('from a plugin that hangs: timeout', async () => {
      await using server = await scriptedServer()
      const user = { exec: { command: 'sleep', args: ['2'] } }
      const kube = openTestKube(kubeconfigFor(server.url, user), systemClock, { timeoutMs: 50 })
      const error: unknown = await kube.serverVersion().catch((reason: unknown) => reason)
      assert.ok(error instanceof KubeError)
      assert.equal(error.kind, 'timeout')
    })

    it('from a file are read anew after the server said 401, but not with every request', async () => {
      await using folder = await temporaryFolder()
      const tokenFile = path.join(folder.path, 'token')
      await writeFile(tokenFile, 'old\n')
      const clock = new VirtualClock()
      await using server = await scriptedServer((response, { headers }) =>
        headers.authorization === 'Bearer new'
          ? json(response, 200, { gitVersion: 'v1' })
          : json(response, 401, status(401, 'Unauthorized')),
      )
      const kube = openTestKube(kubeconfigFor(server.url, { tokenFile }), clock)
      await writeFile(tokenFile, 'old\n')
      await assert.rejects(kube.serverVersion(), { kind: 'unauthorized' })
      await writeFile(tokenFile, 'new\n')
      await assert.rejects(kube.serverVersion(), { kind: 'unauthorized' }, 'within five seconds')
      await clock.advance(6_000)
      assert.equal(await kube.serverVersion(), 'v1')
      assert.deepEqual(
        server.received.map(({ headers }) => headers.authorization),
        ['Bearer old', 'Bearer old', 'Bearer new'],
      )
    })
  })
})
