import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../support/root.ts'
import { fencesOf, readPage } from '../support/pages.ts'
import { python } from '../support/python.ts'
import { type Stack, startStack, wish } from '../support/stack.ts'
import { membersOf } from '../evidence/bundle.ts'
import { inWhole, someOf } from '../support/whole.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.stop())

/** The shell blocks of a page, on the ports of this stack. */
const blocksOf = (page: string): readonly string[] =>
  fencesOf(readPage(page), 'sh').map((block) =>
    block.replaceAll('http://127.0.0.1:7071', stack.api).replaceAll('http://127.0.0.1:9400', stack.identity),
  )

interface Shell {
  readonly code: unknown
  readonly said: string
  readonly complained: string
}

const deaf = (_text: string): void => undefined

/**
 * Functions of the shell: one runs our scripts as `npm run --silent NAME -- …` does, since npm itself takes longer to start
 * than most of them; the other takes the Python of all tests.
 */
const quickly = `npm() {
  case "$1 $2 $3" in
${['token', 'local'].map((name) => `    'run --silent ${name}') shift 4; ${scriptOf(name)} "$@" ;;`).join('\n')}
    *) command npm "$@" ;;
  esac
}
python3() { ${python ?? 'command python3'} "$@"; }`

function scriptOf(name: string): string {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const { [name]: script } = scripts
  if (script === undefined) throw new Error(`package.json has no script ${name}.`)
  return script
}

/** Runs a script to its end; `hears` gets what was written to standard error so far, and `reads` what to the output. */
async function run(script: string, hears = deaf, reads = deaf, prelude = quickly): Promise<Shell> {
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', `${prelude}\n${script}`], {
    env: { ...process.env, COUNTERSIGN_DATA: stack.data, TMPDIR: stack.data },
  })
  let said = ''
  let complained = ''
  shell.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    reads(said)
  })
  shell.stderr.on('data', (chunk: Buffer) => {
    complained += chunk.toString()
    hears(complained)
  })
  const code = await new Promise((done) => shell.once('close', done))
  return { code, said, complained }
}

test("the README's first request works word for word, approved from a shell where no person is asked", async () => {
  const [ask = '', approve = ''] = blocksOf('README.md')
  let approved: Promise<Shell> | undefined
  const withNpm = (script: string, hears = deaf) => run(script, hears, deaf, '')
  const asked = await withNpm(ask, (complained) => {
    const id = /waiting for approval/.test(complained) ? /request (\S+):/.exec(complained)?.[1] : undefined
    if (id !== undefined) approved ??= withNpm(`${approve.replace('01…', id).trimEnd()} --yes`)
  })
  expect(asked).toMatchObject({ code: 0, said: 'exported\n' })
  expect(asked.complained).toMatch(/reported as succeeded/)
  expect(await approved).toMatchObject({ code: 0, said: expect.stringMatching(/^status +approved$/m) })
})

test('the quickstart works word for word', async () => {
  const ran = await run(blocksOf('docs/agents/quickstart.md').join('\n'))
  // by the command, the clients and curl, then by the examples in JavaScript and Python
  const [command, clients, examples] = ['restarted\n', 'restarted web-1\n', 'restarted\n']
  expect(ran).toMatchObject({ code: 0, said: [command, clients.repeat(3), examples.repeat(2)].join('') })
})

test.each([
  ['examples/agent.mjs', 'node:crypto'],
  ['examples/agent.py', 'hashlib, json, os, urllib.parse, urllib.request, uuid'],
])('%s, which the quickstart runs, is short and uses nothing but HTTP', (example, modules) => {
  const text = readFileSync(join(root, example), 'utf8')
  expect(text.split('\n').filter((line) => /^(?!\s*(?:\/\/|#|\/\*)).*\S/.test(line)).length).toBeLessThan(30)
  const imported = [...text.matchAll(/^import (?:.* from ')?([\w:., ]+)/gm)].map(([, name = '']) => name)
  expect(imported).toEqual([modules])
})

test('the page on the client for Python works word for word', async () => {
  const ran = await run(blocksOf('docs/agents/python.md').join('\n'))
  expect(ran).toMatchObject({ code: 0, said: 'restarted web-1\n' })
})

test('an agent in Python signs in without a secret, as the page on that says', async () => {
  const page = blocksOf('docs/agents/python.md')
    .join('\n')
    .replace(/COUNTERSIGN_CLIENT_SECRET=\S+/, '')
  const job = blocksOf('docs/agents/sign-in.md').join('\n')
  const ran = await run([job, page].join('\n'))
  expect(ran).toMatchObject({ code: 0, said: 'restarted web-1\n' })
})

const agents = [
  ['Python', () => 'python3 examples/agent-python/agent.py', 'python3 examples/agent-python/agent.py'],
  // The command that its page names. It installs the package, and starts the agent; the second time only the agent starts.
  [
    'Node',
    () => `${blocksOf('docs/agents/client.md').join('').trimEnd()} --`,
    'cd examples/agent-node && node agent.mjs',
  ],
] as const

test.each(someOf(agents))(
  'the agent in %s waits for a person, and finds its requests again after a restart',
  async (_language, command, another) => {
    const settings = blocksOf('docs/agents/python.md')
      .join('\n')
      .split('\n')
      .filter((line) => line.startsWith('export '))
    const start = (agent: string, hears?: (said: string) => void) =>
      run([...settings, `${agent} run-1`].join('\n'), undefined, hears)
    let approved: Promise<unknown> | undefined
    const first = await start(command(), (said) => {
      const id = /waiting for dba: request (\S+)/.exec(said)?.[1]
      if (id !== undefined) approved ??= approve(id)
    })
    await approved
    expect(first).toMatchObject({ code: 0, complained: '' })
    expect(first.said).toMatch(/^call-1: restarted web-1$/m)
    expect(first.said).toMatch(/^call-2: exported 1200 rows to s3:\/\/finance-exports$/m)
    const again = await start(another)
    expect(again.said.match(/: Not executed again \(already-redeemed\)/g)).toHaveLength(2)
  },
)

/** Votes as a person who has read the request. */
async function approve(id: string): Promise<void> {
  const { body: request } = await stack.call('dba-1', `/api/requests/${id}`)
  await stack.call('dba-1', `/api/requests/${id}/decisions`, { verdict: 'approve', digest: request.digest })
}

test('an auditor has last week in a spreadsheet with names, verified, after five commands at most', async () => {
  const [walk = ''] = blocksOf('docs/evidence/report.md')
  const commands = walk.replaceAll('\\\n', '').split('\n')
  // The first is npm start.
  expect(commands.filter((line) => line !== '').length).toBeLessThanOrEqual(4)
  const { body: asked } = await stack.call('deploy-bot', '/api/requests', wish())
  await approve(asked.id)
  const { code, said } = await run(walk.replaceAll(/\bweek\b/g, join(stack.data, 'week')))
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/verified +7 of 7 days/) })
  const sheets = await membersOf(readFileSync(join(stack.data, 'week.xlsx')))
  const requests = sheets.get('xl/worksheets/sheet1.xml')?.toString() ?? ''
  expect(requests).toContain('deploy-bot (b0000000-0000-4000-8000-000000000001)')
  expect(requests).toMatch(/>[^<(]+ \(c0000000-0000-4000-8000-000000000001\)</)
  expect(requests).toContain('AC-6(9)')
})

inWhole(() => {
  test('the long walk works word for word, and ends in today', async () => {
    const { code, said, complained } = await run(blocksOf('docs/agents/walk.md').join('\n'))
    expect({ code, complained: code === 0 ? '' : complained }).toEqual({ code: 0, complained: '' })
    const lines = said.split('\n')
    const expected = [
      'pending',
      'self-approval',
      'Quarterly churn report for finance, ticket FIN-881',
      'approved',
      'execute',
      'succeeded',
    ]
    expect(lines.slice(0, expected.length)).toEqual(expected)
    const events = lines.filter((line) => line.startsWith('{"actor"')).map((line) => JSON.parse(line).type as string)
    expect(events).toEqual(['requested', 'refused', 'decided', 'approved', 'redeemed', 'succeeded'])
    expect(lines).toContain('the dump would run now')
    expect(said).toMatch(/the stack's clock shows/)
    expect(said).toMatch(/ is sealed: bundle \d+, [1-9]\d* records/)
    expect(said.match(/^VERIFIED /gm)).toHaveLength(2)
    expect(lines.at(-2)).toMatch(/^deleted the data in /)
    expect(readdirSync(stack.data).filter((name) => /clock|storage|key/.test(name))).toEqual([])
  })
})

inWhole(() => {
  test("the recipe's own action, with its own group and title, is asked for, approved and run", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'recipe-'))
    const [ask = '', approve = ''] = blocksOf('docs/policy/recipe.md').slice(-2)
    const policy = blocksOf('docs/policy/recipe.md').slice(0, -2).join('\n')
    const local = (script: string) =>
      script.replaceAll('my-policy', join(folder, 'my-policy')).replace('npm run --silent build', ':')
    try {
      expect(await run(local(policy))).toMatchObject({ code: 0 })
      stack = await startStack({ env: { COUNTERSIGN_POLICY: join(folder, 'my-policy') } })
      let approved: Promise<Shell> | undefined
      let card = ''
      const shown = async (id: string) => {
        card = JSON.stringify((await stack.call('dba-1', `/api/requests/${id}/views`, {})).body.card)
      }
      const asked = await run(ask, (complained) => {
        const id = /waiting for approval/.test(complained) ? /request (\S+):/.exec(complained)?.[1] : undefined
        if (id !== undefined) approved ??= shown(id).then(() => run(`${approve.replace('01…', id).trimEnd()} --yes`))
      })
      expect(asked).toMatchObject({ code: 0, said: 'kubectl scale deployment/web --replicas=5\n' })
      expect(await approved).toMatchObject({ code: 0, said: expect.stringContaining('platform: 1 of 1') })
      const texts = [...card.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text)
      expect(texts.join('').replaceAll('\u200b', '')).toContain('Scale prod/web to 5 replicas')
      const never = await run(ask.replaceAll('replicas=5', 'replicas=0'))
      const why = 'Policy forbids this action: No agent stops a deployment (rule never-to-zero).'
      expect(never).toMatchObject({ said: '', complained: expect.stringContaining(why) })
      expect(await stack.call(null, '/api/messages', {})).toMatchObject({ status: 404, body: { code: 'not-found' } })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
