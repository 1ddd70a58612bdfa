import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json'
import { agents, users } from '../../src/local/accounts.ts'
import { root } from '../support/root.ts'
import { inWhole, someOf } from '../support/whole.ts'
import { type Packaging, runPackage } from './packaged.ts'

let folder: string
/** A package of the example, which no test changes. */
let made: { readonly app: string; readonly zip: string; readonly packaging: Packaging }

beforeAll(() => {
  const place = mkdtempSync(join(tmpdir(), 'countersign-packaged-'))
  const app = join(place, 'app')
  made = { app, zip: `${app}.zip`, packaging: runPackage(['--policy', 'policy', '--example', '--out', app]) }
})
afterAll(() => rmSync(join(made.app, '..'), { recursive: true }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-package-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const filesIn = (place: string): string[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
    .sort()

const listed = [
  ...[
    'cards.cjs',
    'cards/batch.json',
    'cards/batchPage.json',
    'cards/channel.json',
    'cards/list.json',
    'cards/notice.json',
    'cards/refused.json',
    'cards/review.json',
    'cards/slack-channel.json',
    'cards/slack-list.json',
    'cards/slack-notice.json',
    'cards/slack-refused.json',
    'cards/slack-review.json',
  ],
  ...['cedar_wasm_bg.wasm', 'compiled-policy.json'],
  // Their names hold the hash of what is in them.
  ...filesIn(join(root, 'dist/console')).map((name) => `console/${name}`),
  ...['evidence/README.txt', 'evidence/verify.py', 'evidence/verify.sh', 'host.json'],
  ...['main.cjs', 'package.json', 'policy/allow.cedar', 'policy/approve.cedar', 'policy/approvers.json'],
  ...['policy/forbid.cedar', 'policy/presentation.json', 'policy/schema.cedarschema', 'service.cjs', 'teams.cjs'],
]

/** Makes a package in the test's own folder. */
const make = (args: readonly string[], env = {}): Packaging => runPackage([...args, '--out', join(folder, 'app')], env)

/** Lays an older package where the next is made. */
function older(): void {
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app/package.json'), '{ "main": "main.cjs" }')
  writeFileSync(join(folder, 'app.zip'), 'older')
}

/** A policy of a tenant's own: the example with other ids. */
function ownPolicy(): string {
  const policy = join(folder, 'policy')
  cpSync(join(root, 'policy'), policy, { recursive: true })
  change('approvers.json', (text) =>
    text.replaceAll('-0000-4000-8000-0000000000', '-1234-4000-8000-0000000000').replaceAll('19:', '19:5a2e'),
  )
  return policy
}

function change(file: string, edit: (text: string) => string): void {
  const path = join(folder, 'policy', file)
  writeFileSync(path, edit(readFileSync(path, 'utf8')))
}

/** What another program makes of the zip. */
function unzipped(): string {
  const place = join(folder, 'unzipped')
  const { status, stderr } = spawnSync('python3', ['-m', 'zipfile', '-e', made.zip, place])
  if (status !== 0) throw new Error(stderr.toString())
  return place
}

test('the package has exactly its files, as regular files, and the zip has the same', () => {
  const { app, packaging } = made
  expect(packaging).toMatchObject({ status: 0, stderr: '' })
  expect(filesIn(app)).toEqual(listed)
  const zip = unzipped()
  expect(filesIn(zip)).toEqual(listed)
  for (const name of listed) {
    expect(lstatSync(join(app, name)).isFile()).toBe(true)
    expect(readFileSync(join(zip, name)).equals(readFileSync(join(app, name)))).toBe(true)
  }
})

test("the package's package.json has a name, a version and the entry point", () => {
  const { name, version } = packageJson
  const text = readFileSync(join(made.app, 'package.json'), 'utf8')
  expect(JSON.parse(text)).toEqual({ name, version, main: 'main.cjs' })
})

test('the packaged program has the version, and nothing else of the project’s package.json', () => {
  const program = readFileSync(join(made.app, 'service.cjs'), 'utf8')
  expect(program).toContain(`"${packageJson.version}"`)
  for (const [name, version] of Object.entries({ ...packageJson.devDependencies, ...packageJson.dependencies }))
    expect(program).not.toMatch(new RegExp(`"?${name.replace(/[/.]/g, '\\$&')}"?:"${version.replaceAll('.', '\\.')}"`))
})

test('the host drops no lines of the log, and lets sealing take half an hour', () => {
  expect(JSON.parse(readFileSync(join(made.app, 'host.json'), 'utf8'))).toMatchObject({
    functionTimeout: '00:30:00',
    logging: { applicationInsights: { samplingSettings: { isEnabled: false } } },
  })
})

test('the same sources and policy make the same bytes, at any time and place, for any user', () => {
  const policy = ownPolicy()
  const zips = [
    { TZ: 'UTC', LANG: 'C' },
    { TZ: 'Pacific/Auckland', LANG: 'tr_TR.UTF-8' },
  ].map((env, i) => {
    for (const name of readdirSync(policy)) utimesSync(join(policy, name), i * 1e6, i * 1e6)
    expect(make(['--policy', policy], env)).toMatchObject({ status: 0, stderr: '' })
    return readFileSync(join(folder, 'app.zip'))
  })
  expect(zips[0]?.equals(zips[1] ?? Buffer.alloc(0))).toBe(true)
})

inWhole(() => {
  test('the result is JSON with --json', () => {
    const policy = ownPolicy()
    const { stdout } = make(['--policy', policy, '--json'])
    const told = JSON.parse(stdout) as Readonly<Record<string, unknown>>
    expect(told).toMatchObject({ version: packageJson.version, files: listed })
    expect(told['policy']).toMatch(/^sha256:[0-9a-f]{64}$/)
    const zip = readFileSync(join(folder, 'app.zip'))
    expect(createHash('sha256').update(zip).digest('hex')).toBe(told['sha256'])
  })

  test('only the files that the service reads are deployed of a policy’s folder, and links are followed', () => {
    const policy = ownPolicy()
    writeFileSync(join(policy, 'README.md'), 'notes')
    writeFileSync(join(policy, '.env'), 'a secret')
    cpSync(join(policy, 'forbid.cedar'), join(folder, 'elsewhere'))
    rmSync(join(policy, 'forbid.cedar'))
    symlinkSync(join(folder, 'elsewhere'), join(policy, 'forbid.cedar'))
    make(['--policy', policy, '--sinks='])
    expect(filesIn(join(folder, 'app'))).toEqual(listed)
    expect(lstatSync(join(folder, 'app/policy/forbid.cedar')).isFile()).toBe(true)
  })
})

test.each([
  '{ "version": 1, "sinks": { "lines": { "kind": "ocsf" } } }',
  '{ "version": 1, "sinks": { "siem": { "kind": "webhook", "url": "https://hooks.contoso.example/", ' +
    '"secret": "https://contoso.vault.usgovcloudapi.net/secrets/hook" } } }',
])('a file of sinks for any cloud is deployed as it is, as sinks.json: %s', (text) => {
  const file = join(folder, 'contoso.json')
  writeFileSync(file, text)
  expect(make(['--policy', ownPolicy(), '--sinks', file])).toMatchObject({ status: 0, stderr: '' })
  expect(filesIn(join(folder, 'app'))).toEqual([...listed, 'sinks.json'].sort())
  expect(readFileSync(join(folder, 'app/sinks.json'), 'utf8')).toBe(text)
})

describe('no package is made, and an older one is removed,', () => {
  beforeEach(older)

  /** It ends with 1 and these words, and leaves nothing that could be deployed. */
  function refused(args: readonly string[], words: RegExp): void {
    const { status, stdout, stderr } = make(args)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(words)
    expect(readdirSync(folder).filter((name) => name.startsWith('app'))).toEqual([])
  }

  test('of the example policy, whose names belong to no tenant', () => {
    refused(['--policy', 'policy'], /the example.*--example.*approvers\.json:\d+: .*is of the example policy/s)
  })

  test('of a policy that still names a person, an agent, an application or a channel of the example', () => {
    const policy = ownPolicy()
    const left = [users[2]?.oid, agents[0]?.oid, agents[1]?.appId.toUpperCase(), '19:approvals@thread.tacv2']
    change('approve.cedar', (text) => [...left.map((id) => `// until ${id} is gone`), text].join('\n'))
    const lines = left.map((id = '', i) => `approve\\.cedar:${i + 1}: ${id.toLowerCase()} is of the example policy`)
    refused(['--policy', policy], new RegExp(lines.join('.*'), 's'))
  })

  const mistakes = [
    [
      'a rule',
      'approve.cedar',
      '@approvers("dba")',
      '@approvers("nobody")',
      /approve\.cedar:\d+: rule export-needs-dba: .*nobody/,
    ],
    ['JSON', 'approvers.json', '"version": 1', '"version": 7', /approvers\.json:2: version/],
    ['the schema', 'schema.cedarschema', ' appliesTo', ' appliesTwo', /schema\.cedarschema:\d+: /],
  ] as const

  test.each(someOf(mistakes))(
    'of a policy with a mistake in %s, which is named by file and line',
    (_what, file, from, to, words) => {
      const policy = ownPolicy()
      change(file, (text) => text.replace(from, to))
      refused(['--policy', policy], words)
    },
  )

  test('of sinks with a typo, or of a missing file', () => {
    const file = join(folder, 'contoso.json')
    refused(['--policy', ownPolicy(), '--sinks', file], /--sinks: there is no file .*contoso\.json/)
    writeFileSync(file, '{ "version": 1, "sinks": {\n  "lines": { "kind": "ocfs" } } }')
    const words = /contoso\.json are not valid.*sinks\.json:2: sinks\.lines\.kind: it is webhook, sentinel or ocsf/s
    refused(['--policy', ownPolicy(), '--sinks', file], words)
  })

  test('of a missing folder', () => {
    refused(['--policy', join(folder, 'nowhere')], /nowhere: there is no such folder/)
  })
})

test.each([
  ['no policy', [], /--policy FOLDER is missing/],
  ['an unknown option', ['--polcy', 'policy'], /--polcy.*--help/s],
])('%s is refused, and an older package stays', (_what, args, words) => {
  older()
  const { status, stderr } = make(args)
  expect(status).toBe(1)
  expect(stderr).toMatch(words)
  expect(readFileSync(join(folder, 'app.zip'), 'utf8')).toBe('older')
})

test('a folder that is not a package is not replaced', () => {
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app/thesis.txt'), 'three years')
  expect(make(['--policy', 'policy', '--example'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('is no package'),
  })
  expect(readFileSync(join(folder, 'app/thesis.txt'), 'utf8')).toBe('three years')
})

inWhole(() => {
  test('without a build nothing is packaged, and the message says what to do', () => {
    for (const name of ['scripts', 'package.json', 'host.json', 'policy'])
      cpSync(join(root, name), join(folder, name), { recursive: true })
    const script = join(folder, 'scripts/package.mjs')
    const args = [script, '--built', '--policy', 'policy', '--example']
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/Nothing is built: dist\/main\.cjs is missing\. Run npm run build/)
  })
})

test('--help describes the program', () => {
  expect(runPackage(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('--policy FOLDER') })
})

test('the check finds every name of the example policy', () => {
  const text = readFileSync(join(root, 'policy/approvers.json'), 'utf8')
  const known = [...users.map(({ oid }) => oid), ...agents.flatMap(({ oid, appId }) => [oid, appId])]
  const ids = text.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|19:[^"]+/g) ?? []
  expect(ids.length).toBeGreaterThan(10)
  const channels = ['19:approvals@thread.tacv2', '19:compliance@thread.tacv2']
  expect(ids.filter((id) => ![...known, ...channels].includes(id))).toEqual([])
})
