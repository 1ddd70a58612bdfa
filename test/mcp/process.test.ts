import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client as NewClient, StreamableHTTPClientTransport as NewHttp } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as OldHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { agents, apiAppId, tenantId, users } from '../../src/local/accounts.ts'
import { root } from '../support/root.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { inWhole, someOf } from '../support/whole.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
type Answered = any

let stack: Stack
let folder: string
let settings: Record<string, string>
const files = join(root, 'examples/mcp-gateway/files')
const command = join(root, 'dist/countersign.cjs')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-'))
  stack = await startStack({ env: { COUNTERSIGN_POLICY: join(root, 'examples/tools-policy') } })
  const [bot] = agents
  settings = {
    PATH: process.env['PATH'] ?? '',
    COUNTERSIGN_URL: stack.api,
    COUNTERSIGN_TOKEN_URL: `${stack.identity}/${tenantId}/oauth2/v2.0/token`,
    COUNTERSIGN_SCOPE: `${apiAppId}/.default`,
    COUNTERSIGN_CLIENT_ID: bot?.appId ?? '',
    COUNTERSIGN_CLIENT_SECRET: bot?.secret ?? '',
  }
})
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true })
  rmSync(join(files, 'answer.txt'), { force: true })
})

/** Decides the next request that waits, and returns it. */
async function decide(who = 'dba-2', verdict: 'approve' | 'deny' = 'approve'): Promise<Answered> {
  // A person whom a request excludes does not see it among those that wait.
  const pending = async () => (await stack.call('dba-2', '/api/requests?status=pending')).body.requests as Answered[]
  const [request] = await until(pending, (found) => found.length === 1)
  const answer = await stack.call(who, `/api/requests/${request.id}/decisions`, {
    ...{ verdict, digest: request.digest },
    ...(verdict === 'deny' && { reason: 'Not this one.' }),
  })
  return { ...request, decided: answer.status }
}

const run = (file: string, args: readonly string[], env: Record<string, string> = settings) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((done) => {
    execFile(file, [...args], { cwd: root, env }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    )
  })
const mcp = (...args: string[]) => run(process.execPath, [command, 'mcp', ...args])

const config = (change: object): string => {
  const example = JSON.parse(readFileSync(join(root, 'examples/mcp-gateway/gateway.json'), 'utf8')) as object
  const file = join(folder, 'gateway.json')
  writeFileSync(file, JSON.stringify({ ...example, ...change }))
  return file
}

test('a host of the older protocol reads and writes files through the gateway, whose server ends with it', async () => {
  const transport = new OldStdio({
    ...{ command: process.execPath, args: [command, 'mcp', 'examples/mcp-gateway/gateway.json'] },
    ...{ cwd: root, env: settings, stderr: 'ignore' },
  })
  const host = new OldClient({ name: 'trial', version: '1' })
  await host.connect(transport)
  const { tools } = await host.listTools()
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['read_text_file', 'write_file']))

  const read: Answered = await host.callTool({
    name: 'read_text_file',
    arguments: { path: join(files, 'greeting.txt') },
  })
  expect(read.content[0].text).toContain('Hello.')
  const moved: Answered = await host.callTool({ name: 'move_file', arguments: { source: files, destination: '/tmp' } })
  expect(moved._meta['countersign/code']).toBe('forbidden-by-policy')

  const content = 'ü'.repeat(25_000)
  const writing = host.callTool({ name: 'write_file', arguments: { path: join(files, 'answer.txt'), content } })
  expect(await decide()).toMatchObject({ action: 'mcp.fs.write_file', target: join(files, 'answer.txt'), decided: 200 })
  const written: Answered = await writing
  expect(written.isError).toBeFalsy()
  expect(readFileSync(join(files, 'answer.txt'), 'utf8')).toBe(content)

  const denying = host.callTool({ name: 'write_file', arguments: { path: join(files, 'denied.txt'), content: '' } })
  await decide('dba-2', 'deny')
  const denied: Answered = await denying
  expect(denied.content[0].text).toContain('Not this one.')

  const own = transport.pid
  const children = await run('sh', ['-c', `ps -o pid= --ppid ${own}`])
  expect(children.stdout.trim()).not.toBe('')
  await host.close()
  for (const pid of children.stdout.trim().split(/\s+/))
    await until(
      () => isRunning(Number(pid)),
      (runs) => !runs,
    )
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

inWhole(() => {
  test('the example of a host runs as its page says', async () => {
    const running = run(process.execPath, ['examples/mcp-gateway/host.mjs'])
    expect(await decide()).toMatchObject({ reason: 'Answer the greeting' })
    const { code, stdout } = await running
    expect(code).toBe(0)
    expect(stdout).toMatch(/read: {2}Hello\.[^]*write: Successfully wrote/)
  })
})

describe('over HTTP', () => {
  let gateway: ChildProcess
  const started = async (file: string): Promise<string> => {
    gateway = spawn(process.execPath, [command, 'mcp', file, '--http', '0'], { cwd: root, env: settings })
    let said = ''
    gateway.stderr?.on('data', (data: Buffer) => (said += data.toString()))
    await until(
      () => said,
      (text) => /http:\/\/\S+/.test(text) || gateway.exitCode !== null,
    )
    return /http:\/\/\S+/.exec(said)?.[0] ?? `nothing: ${said}`
  }
  afterEach(async () => {
    const ended = new Promise((done) => gateway.once('exit', done))
    if (gateway.exitCode !== null) return
    gateway.kill('SIGTERM')
    await ended
  })

  inWhole(() => {
    test('hosts of both protocols call from this machine, and no page of a browser does', async () => {
      const url = await started(config({}))
      for (const host of [
        { client: new OldClient({ name: 'old', version: '1' }), transport: new OldHttp(new URL(url)) },
        {
          client: new NewClient({ name: 'new', version: '1' }, { versionNegotiation: { mode: 'auto' } }),
          transport: new NewHttp(new URL(url)),
        },
      ] as Answered[]) {
        await host.client.connect(host.transport)
        const read = await host.client.callTool({
          name: 'read_text_file',
          arguments: { path: join(files, 'greeting.txt') },
        })
        expect(read.content[0].text).toContain('Hello.')
        await host.client.close()
      }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
      const from = (more: Record<string, string>) =>
        fetch(url, { method: 'POST', body, headers: { ...headers, ...more } })
      expect((await from({ origin: 'https://evil.example' })).status).toBe(403)
      expect(
        (await run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', 'Host: evil.example', url])).stdout,
      ).toBe('403')
    })
  })

  test('a person signs in to the gateway, and cannot approve what was called for them', async () => {
    const authority = `${stack.identity}/${tenantId}/v2.0`
    const entra = {
      tenant: tenantId,
      application: apiAppId,
      url: 'http://127.0.0.1/mcp',
      authority,
      listen: '127.0.0.1',
    }
    const url = await started(config({ entra }))
    const refused = await fetch(url, { method: 'POST' })
    expect(refused.status).toBe(401)
    const metadata = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? ''
    const { pathname } = new URL(metadata)
    const about = (await (await fetch(new URL(pathname, url))).json()) as Answered
    expect(about).toMatchObject({ resource: 'http://127.0.0.1/mcp', authorization_servers: [authority] })
    const robot = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${await stack.token('deploy-bot')}` },
    })
    expect(robot.status).toBe(403)

    const headers = { authorization: `Bearer ${await stack.token('dba-1')}` }
    const host: Answered = new NewClient({ name: 'new', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await host.connect(new NewHttp(new URL(url), { requestInit: { headers } }))
    const writing = host.callTool({ name: 'write_file', arguments: { path: join(files, 'answer.txt'), content: 'x' } })
    expect(await decide('dba-1')).toMatchObject({ decided: 403 })
    expect(await decide('dba-2')).toMatchObject({ onBehalfOf: users[0]?.oid, decided: 200 })
    expect((await writing).isError).toBeFalsy()
    await host.close()
  })
})

describe('the command', () => {
  const broken: readonly (readonly [string, object, RegExp])[] = [
    ['a tool that no server has', { servers: { fs: { command: ['node', 'none.js'] } } }, /server fs cannot be reached/],
    ['pins that cannot be read', { pins: 'none.json' }, /none\.json cannot be read/],
  ]

  test.each(someOf(broken))('refuses at start by name: %s', async (_what, change, words) => {
    const { code, stderr } = await mcp(config(change))
    expect([69, 78]).toContain(code)
    expect(stderr).toMatch(words)
  })

  test('writes pins, and a policy to start from', async () => {
    const file = config({ pins: 'pins.json' })
    const pinned = await mcp('pin', file)
    expect(pinned).toMatchObject({ code: 0, stdout: expect.stringContaining('fs/write_file') as string })
    expect(JSON.parse(readFileSync(join(folder, 'pins.json'), 'utf8'))).toHaveProperty(['fs/write_file'])
    const { code, stdout } = await mcp('policy', file)
    expect(code).toBe(0)
    expect(stdout).toContain('action "mcp.fs.write_file" appliesTo {')
    expect(stdout).toContain('permit (principal, action == Action::"mcp.fs.write_file", resource);')
  })
})

const hosts = [
  ['claude-code', 'claude.Bash', '"permissionDecision":"allow"'],
  ['codex', 'codex.exec_command', ''],
] as const

test.each(someOf(hosts))('the example for %s runs as its page says', async (example, action, said) => {
  const running = run('sh', [`examples/${example}/try.sh`])
  const request = await decide()
  expect(request).toMatchObject({ action, decided: 200 })
  const { code, stdout, stderr } = await running
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(said)
  expect((await stack.call('dba-2', `/api/requests/${request.id}`)).body.status).toBe('succeeded')
})

inWhole(() => {
  test('a hook that is ended withdraws its request, and blocks', async () => {
    const env = { ...settings, COUNTERSIGN_TOOLS: join(root, 'examples/claude-code/tools.json') }
    const hook = spawn(process.execPath, [command, 'hook', '--shape', 'claude'], { cwd: root, env })
    const ended = new Promise<number | null>((done) => hook.once('close', done))
    const input = { hook_event_name: 'PreToolUse', session_id: 's', tool_use_id: 'ended', cwd: root, tool_name: 'Bash' }
    hook.stdin.end(JSON.stringify({ ...input, tool_input: { command: 'make' } }))
    const pending = async () => (await stack.call('dba-2', '/api/requests?status=pending')).body.requests as Answered[]
    await until(pending, (found) => found.length === 1)
    hook.kill('SIGTERM')
    expect(await ended).toBe(2)
    expect(await pending()).toEqual([])
  })
})

test('a hook whose host was killed withdraws its request, so that no approval is used for nothing', async () => {
  const input = {
    hook_event_name: 'PreToolUse',
    session_id: 's',
    tool_use_id: 'killed',
    cwd: root,
    tool_name: 'exec_command',
  }
  const told = JSON.stringify({ ...input, tool_input: { cmd: 'make killed' } })
  const program = `const hook = require('node:child_process').spawn(process.execPath,
    ${JSON.stringify([command, 'hook', '--shape', 'codex'])}, { stdio: ['pipe', 'pipe', 'ignore'] })
    hook.stdin.end(${JSON.stringify(told)})
    console.log(hook.pid)
    setInterval(() => undefined, 1e6)`
  const env = { ...settings, COUNTERSIGN_TOOLS: join(root, 'examples/codex/tools.json') }
  const host = spawn(process.execPath, ['-e', program], { cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  host.stdout.on('data', (data: Buffer) => (said += data.toString()))
  const pending = async () => (await stack.call('dba-2', '/api/requests?status=pending')).body.requests as Answered[]
  const [request] = await until(pending, (found) => found.length === 1)
  host.kill('SIGKILL')
  await until(pending, (found) => found.length === 0)
  expect((await stack.call('dba-2', `/api/requests/${request.id}`)).body.status).toBe('cancelled')
  await until(
    () => isRunning(Number(said)),
    (runs) => !runs,
  )
})

const mistaken = [
  ['an option that there is not', ['hook', '--shapes', 'claude']],
  ['an unknown host', ['hook', '--shape', 'other']],
  ['no host', ['hook']],
] as const

test.each(someOf(mistaken))('a hook with %s blocks', async (_what, args) => {
  expect((await run(process.execPath, [command, ...args])).code).toBe(2)
})
