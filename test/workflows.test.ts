import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
const [, sample = ''] = workflows.find(([name]) => name === 'nightly.yml') ?? []

const trials = (() => {
  const { stdout } = spawnSync(process.execPath, ['scripts/trial.mjs'], { cwd: root, encoding: 'utf8' })
  return [...stdout.matchAll(/^ {2}(\w+) +\d+ min/gm)].map(([, name = '']) => name)
})()

test('there are workflows with everything that is checked for', () => {
  expect(workflows.map(([name]) => name).toSorted()).toEqual(['nightly.yml', 'test.yml'])
  expect(trialsIn(sample).toSorted()).toEqual([
    'bench',
    'controls',
    'crash',
    'fuzz',
    'openapi',
    'pages',
    'races',
    'sim',
    'tests',
    'wire',
  ])
  expect(sample.match(/\buses:/g)).toHaveLength(4)
})

test.each(workflows)('%s has minimal permissions, and runs pinned actions', (_name, text) => {
  expect(faults(text)).toEqual([])
})

test.each<[string, (text: string) => string, RegExp]>([
  ['an action by its tag', (text) => text.replace(/checkout@\w+ # \S+/, 'checkout@v7'), /checkout@v7 is not pinned/],
  ['a short digest', (text) => text.replace(/checkout@\w{33}/, 'checkout@'), /is not pinned/],
  ['a pin without its version', (text) => text.replace(/ # v7\.0\.1/, ''), /is not pinned/],
  ['one action in two versions', (text) => text.replace(/checkout@./, 'checkout@0'), /checkout is pinned twice/],
  ['an action of others', (text) => text.replace('actions/checkout', 'somebody/checkout'), /somebody\/checkout/],
  ['more rights', (text) => text.replace('contents: read', 'contents: write'), /permissions/],
  ['rights besides', (text) => text.replace('contents: read', 'contents: read\n  id-token: write'), /permissions/],
  ['rights of a job', (text) => text.replace('    steps:', '    permissions: write-all\n    steps:'), /permissions/],
  ['the rights that are the default', (text) => text.replace('permissions:\n  contents: read\n', ''), /permissions/],
  ['a secret', (text) => text.replace('TRIAL: ${{ matrix.trial }}', 'TRIAL: ${{ secrets.KEY }}'), /secret/],
  ['the token', (text) => text.replace('matrix.trial }}', 'github.token }}'), /secret/],
  ['credentials that stay', (text) => text.replace('persist-credentials: false', 'fetch-depth: 0'), /credentials/],
  ['an event with rights', (text) => text.replace('workflow_dispatch', 'pull_request_target'), /pull_request_target/],
  ['text in a shell', (text) => text.replace('"$TRIAL"', '${{ github.head_ref }}'), /shell/],
  ['text in a longer script', (text) => text.replace('run: npm', 'run: |\n          npm'), /one line/],
  ['a job without an end', (text) => text.replace('    timeout-minutes: 90\n', ''), /timeout/],
  ['a trial that is gone', (text) => text.replace(' sim,', ' simulation,'), /no trial simulation/],
])('a fault is found: %s', (_what, spoil, expected) => {
  const spoilt = spoil(sample)
  expect(spoilt).not.toBe(sample)
  expect(faults(spoilt).join('\n')).toMatch(expected)
})

/** Says what is wrong with a workflow, one line each. It knows the YAML that is written here, not all of YAML. */
function faults(text: string): string[] {
  const uses = [...text.matchAll(/\buses:\s*(.*)$/gm)].map(([, used = '']) => used)
  const pins = new Map<string, string>()
  const twice = uses.filter((used) => {
    const [name = '', digest = ''] = used.split('@')
    const isOther = pins.has(name) && pins.get(name) !== digest
    pins.set(name, digest)
    return isOther
  })
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0
  const runs = [...text.matchAll(/\brun:\s*(.*)$/gm)].map(([, command = '']) => command)
  return [
    ...uses
      .filter((used) => !/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used))
      .map((used) => `${used} is not pinned by its commit, with its version beside it`),
    ...twice.map((used) => `${used.split('@')[0]} is pinned twice`),
    ...(count(/permissions:/g) === 1 && /^permissions:\n {2}contents: read\n(?! )/m.test(text)
      ? []
      : ['its permissions are not contents: read alone']),
    ...(/secrets\b|github\.token|GITHUB_TOKEN/.test(text) ? ['it uses a secret'] : []),
    ...(count(/uses: actions\/checkout@/g) === count(/^ {10}persist-credentials: false$/gm)
      ? []
      : ['its credentials stay in the checkout']),
    ...(text.match(/pull_request_target|workflow_run|issue_comment/g) ?? []).map((on) => `it runs on ${on}`),
    ...runs.filter((command) => command.includes('${{')).map((command) => `it puts text into a shell: ${command}`),
    ...runs.filter((command) => /^([|>].*)?$/.test(command)).map(() => 'it runs more than one line'),
    ...(count(/^ {4}runs-on:/gm) === count(/^ {4}timeout-minutes: \d+$/gm) ? [] : ['a job has no timeout']),
    ...trialsIn(text)
      .filter((name) => !trials.includes(name))
      .map((name) => `there is no trial ${name}`),
  ]
}

function trialsIn(text: string): string[] {
  const listed = [...text.matchAll(/^ +trial: \[(.*)\]$/gm)].flatMap(([, names = '']) => names.split(', '))
  const called = [...text.matchAll(/\btrial -- (\w+)/g)].map(([, name = '']) => name)
  return [...listed, ...called]
}
