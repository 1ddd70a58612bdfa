import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { agents, apiAppId, tenantId } from '../../src/local/accounts.ts'
import { type Stack, startStack } from '../../test/support/stack.ts'
import { until } from '../../test/support/until.ts'
import { program, say } from '../program.ts'
import { messagesModel, responsesModel, type ScriptedCall, type ScriptedModel } from './model.ts'

const help = `Runs the real Claude Code and Codex, with models that are scripts on loopback: through the gateway and through the hook, a
call is approved, one is denied, and with the service away nothing runs. Their binaries, about 800 MB, come from the registry.

  --folder FOLDER  where they are, or are installed (dist/hosts)
`

const root = process.cwd()
const command = join(root, 'dist/countersign.cjs')
const run = promisify(execFile)

/** The packages of the hosts, pinned. None runs a script at installation. */
const packages = { claude: '@anthropic-ai/claude-agent-sdk@0.3.332', codex: '@openai/codex@0.171.0' } as const
const binaries = {
  claude: 'node_modules/@anthropic-ai/claude-agent-sdk-linux-x64/claude',
  codex: 'node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex',
} as const
type Host = keyof typeof packages

async function binaryOf(host: Host, folder: string): Promise<string> {
  const here = join(folder, host)
  const binary = join(here, binaries[host])
  if (existsSync(binary)) return binary
  say(`${host}: installing ${packages[host]}`)
  mkdirSync(here, { recursive: true })
  writeFileSync(join(here, 'package.json'), '{ "private": true }')
  const args = ['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', packages[host]]
  await run('npm', args, { cwd: here, maxBuffer: 1 << 24 })
  return binary
}

/** What a host did: what it said at last, and whether the file was made. */
interface Told {
  readonly said: string
  readonly isMade: boolean
}

interface Case {
  readonly through: 'gateway' | 'hook'
  readonly decision: 'approve' | 'deny' | 'away'
}

/** A folder of its own for one run of a host, with what the host is configured by. */
class Place {
  readonly home = mkdtempSync(join(tmpdir(), 'countersign-host-'))
  readonly work = join(this.home, 'work')
  readonly made = join(this.work, 'made.txt')

  constructor() {
    mkdirSync(this.work)
  }

  /** Writes a file, and returns its path. */
  file(name: string, content: unknown): string {
    const path = join(this.home, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  gateway(): string {
    const server = join(root, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js')
    const tools = { write_file: { target: '{path}' } }
    return this.file('gateway.json', {
      environment: 'test',
      servers: { fs: { command: ['node', server, this.work], tools } },
    })
  }

  tools(): string {
    return this.file('tools.json', { environment: 'test', others: 'deny', tools: { '*': { target: '{cwd}' } } })
  }
}

const write = (place: Place): ScriptedCall => ({
  tool: /write_file/,
  name: 'mcp__gate__write_file',
  args: { path: place.made, content: 'made' },
})

async function claude(binary: string, env: Record<string, string>, { through }: Case, place: Place): Promise<string> {
  const shell = { tool: /^Bash$/, args: { command: `echo made > ${place.made}`, description: 'A trial' } }
  const model = await messagesModel(through === 'gateway' ? write(place) : shell)
  const hook = { type: 'command', command: `node ${command} hook --shape claude`, timeout: 120, onFailure: 'block' }
  const hooks = [{ matcher: '*', hooks: [hook] }]
  const settings = place.file(
    'settings.json',
    through === 'hook' ? { hooks: { PreToolUse: hooks, PostToolUse: hooks } } : {},
  )
  const servers = { gate: { type: 'stdio', command: process.execPath, args: [command, 'mcp', place.gateway()], env } }
  const config = place.file('mcp.json', { mcpServers: through === 'gateway' ? servers : {} })
  const args = [
    '-p',
    'go',
    '--output-format',
    'json',
    '--settings',
    settings,
    '--mcp-config',
    config,
    '--strict-mcp-config',
  ]
  return ran(model, binary, [...args, '--allowedTools', 'Bash,mcp__gate__write_file', '--max-turns', '4'], place, {
    ...{ IS_SANDBOX: '1', ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'none', DISABLE_AUTOUPDATER: '1' },
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', ...env },
  })
}

async function codex(binary: string, env: Record<string, string>, { through }: Case, place: Place): Promise<string> {
  const cmd = `echo made > ${place.made}`
  const shell = { tool: /^(exec_command|shell_command)$/, args: { cmd, command: cmd } }
  const model = await responsesModel(through === 'gateway' ? write(place) : shell)
  const hook = (event: string) =>
    `[[hooks.${event}]]\n[[hooks.${event}.hooks]]\ntype = "command"\ncommand = "node ${command} hook --shape codex"\ntimeout = 120\n`
  const variables = Object.entries(env).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
  const gateway = `[mcp_servers.gate]\ncommand = "${process.execPath}"\nargs = ${JSON.stringify([command, 'mcp', place.gateway()])}
required = true\nstartup_timeout_sec = 60\n[mcp_servers.gate.env]\n${variables.join('')}`
  place.file(
    'config.toml',
    `model = "scripted"\nmodel_provider = "scripted"\n[model_providers.scripted]\nname = "scripted"\nbase_url = "${model.url}/v1"
wire_api = "responses"\n[analytics]\nenabled = false\n${through === 'hook' ? hook('PreToolUse') + hook('PostToolUse') : gateway}`,
  )
  const trust = ['--dangerously-bypass-hook-trust', '--dangerously-bypass-approvals-and-sandbox']
  const args = ['exec', '--json', '--skip-git-repo-check', ...trust, '-C', place.work, 'go']
  return ran(model, binary, args, place, { CODEX_HOME: place.home, ...env })
}

/** Runs a host to its end, and returns what it said. */
async function ran(
  model: ScriptedModel,
  binary: string,
  args: readonly string[],
  { home, work }: Place,
  env: Record<string, string>,
): Promise<string> {
  const child = spawn(binary, [...args], {
    cwd: work,
    env: { PATH: process.env['PATH'], HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (data: Buffer) => (said += data.toString()))
  await new Promise((done) => child.once('close', done))
  model.close()
  return said
}

/** Decides the one request that waits, and says how it ended up. */
async function decide(stack: Stack, verdict: 'approve' | 'deny'): Promise<string> {
  const pending = async () =>
    (await stack.call('dba-2', '/api/requests?status=pending')).body.requests as { id: string; digest: string }[]
  const [request] = await until(pending, (found) => found.length === 1)
  const reason = verdict === 'deny' ? 'Not this one.' : 'As the trial says.'
  await stack.call('dba-2', `/api/requests/${request?.id}/decisions`, { verdict, digest: request?.digest, reason })
  return request?.id ?? ''
}

async function trial({ folder }: { folder: string }): Promise<number> {
  const stack = await startStack({ env: { COUNTERSIGN_POLICY: join(root, 'examples/tools-policy') } })
  const bot = agents[0]
  const settings: Record<string, string> = {
    COUNTERSIGN_URL: stack.api,
    COUNTERSIGN_TOKEN_URL: `${stack.identity}/${tenantId}/oauth2/v2.0/token`,
    COUNTERSIGN_SCOPE: `${apiAppId}/.default`,
    COUNTERSIGN_CLIENT_ID: bot?.appId ?? '',
    COUNTERSIGN_CLIENT_SECRET: bot?.secret ?? '',
  }
  let failures = 0
  try {
    for (const [host, start] of [
      ['claude', claude],
      ['codex', codex],
    ] as const) {
      const binary = await binaryOf(host, folder)
      for (const through of ['gateway', 'hook'] as const)
        for (const decision of ['approve', 'deny', 'away'] as const) {
          const fault = await tried(stack, settings, { through, decision }, (env, place) =>
            start(binary, env, { through, decision }, place),
          )
          say(`${host}, ${through}, ${decision}: ${fault ?? 'holds'}`)
          if (fault !== null) failures++
        }
    }
  } finally {
    await stack.stop()
  }
  return failures === 0 ? 0 : 1
}

/** Tries one case. @returns what does not hold */
async function tried(
  stack: Stack,
  settings: Record<string, string>,
  { decision }: Case,
  start: (env: Record<string, string>, place: Place) => Promise<string>,
): Promise<string | null> {
  const place = new Place()
  const away = decision === 'away' && {
    COUNTERSIGN_URL: 'http://127.0.0.1:9',
    COUNTERSIGN_PATIENCE: '2',
    COUNTERSIGN_WAIT: '10',
  }
  try {
    const running = start({ ...settings, COUNTERSIGN_TOOLS: place.tools(), ...away }, place)
    const id = decision === 'away' ? null : await Promise.race([decide(stack, decision), running.then(() => null)])
    const told: Told = { said: await running, isMade: existsSync(place.made) }
    const status = id === null ? '' : ((await stack.call('dba-2', `/api/requests/${id}`)).body.status as string)
    return faultIn(told, decision, status)
  } finally {
    rmSync(place.home, { recursive: true, force: true })
  }
}

function faultIn({ said, isMade }: Told, decision: Case['decision'], status: string): string | null {
  const end = said.slice(-600)
  if (isMade !== (decision === 'approve')) return `FAILS: the tool ${isMade ? 'ran' : 'did not run'}\n${end}`
  if (decision === 'approve' && status !== 'succeeded') return `FAILS: the request is ${status}\n${end}`
  if (decision === 'deny' && !said.includes('Not this one.')) return `FAILS: the model was not told why\n${end}`
  return null
}

program({
  name: 'hosts',
  help,
  options: { folder: { type: 'string', default: join(root, 'dist/hosts') } },
  run: trial,
})
