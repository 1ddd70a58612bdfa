import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { agents, users } from '../../src/local/accounts.ts'
import { localTeams } from '../../src/local/bot.ts'
import { localSettings } from '../../src/local/settings.ts'
import { readConfig } from '../../src/config.ts'
import { cloudNames } from '../../src/runtime/cloud.ts'
import { appTypes } from '../../src/teams/settings.ts'
import { codesIn, readPage, root, rowsOf, sectionOf } from '../support/pages.ts'

const settings = readPage('docs/operate/settings.md')
const local = readPage('docs/agents/local.md')

/** The settings of a table by name, each with the example beside it. */
const examplesIn = (section: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rowsOf(section)
      .slice(1)
      .map(([name = '', example = '']) => [codesIn(name)[0] ?? name, codesIn(example)[0] ?? '']),
  )

/** An environment that notes which settings are read. */
function watched(env: Readonly<Record<string, string>>) {
  const read = new Set<string>()
  const seen = new Proxy(env, {
    get: (target, name) => {
      read.add(String(name))
      return target[String(name)]
    },
  })
  return { env: seen as NodeJS.ProcessEnv, read }
}

const deployed = examplesIn(sectionOf(settings, '## A deployment'))

test('docs/operate/settings.md names exactly the settings that a deployment reads', () => {
  const { env, read } = watched(deployed)
  readConfig(env)
  expect(Object.keys(deployed).sort()).toEqual([...read].sort())
})

/** What may be left out, at a price that the page names. */
const optional = [
  'COUNTERSIGN_CLIENTS',
  'COUNTERSIGN_CONSOLE_APP_ID',
  'COUNTERSIGN_TEAMS_APP_ID',
  'COUNTERSIGN_BACKUP',
  'COUNTERSIGN_AUTHZEN',
  'COUNTERSIGN_CLOUD',
  'COUNTERSIGN_POLICY_REF',
  'COUNTERSIGN_STEP_UP',
  'COUNTERSIGN_WITNESS',
  'COUNTERSIGN_SINKS',
  'COUNTERSIGN_SLACK_OLD_SIGNING_SECRET',
  'COUNTERSIGN_GITHUB_API',
]

test.each(Object.keys(deployed).filter((name) => !optional.includes(name)))(
  'a deployment does not start without %s',
  (name) => {
    const { [name]: _left, ...others } = deployed
    expect(() => readConfig(others)).toThrow(`The setting ${name} is missing`)
  },
)

test.each(optional)('a deployment starts without %s', (name) => {
  const { [name]: _left, ...others } = deployed
  expect(() => readConfig(others)).not.toThrow()
})

test('a deployment starts without all settings of Slack', () => {
  const others = Object.fromEntries(Object.entries(deployed).filter(([name]) => !name.includes('_SLACK_')))
  expect(readConfig(others)).not.toHaveProperty('slack')
})

test('the commands of docs/operate/settings.md make the verifier key that a witness of others took', () => {
  const [, commands = ''] = /```sh\n([^`]+)```/.exec(sectionOf(settings, '## Witnesses')) ?? []
  const cwd = join(root, 'test/golden/witness')
  const { stdout } = spawnSync('sh', ['-e', '-c', commands], { cwd, encoding: 'utf8' })
  expect(stdout.trim()).toBe(readFileSync(join(cwd, 'vkey'), 'utf8').trim())
})

test('a deployment starts without all settings of GitHub', () => {
  const others = Object.fromEntries(Object.entries(deployed).filter(([name]) => !name.includes('_GITHUB_')))
  expect(readConfig(others)).not.toHaveProperty('gitHub')
})

test('docs/operate/settings.md names every type that the bot may be registered as', () => {
  const [row = []] = rowsOf(settings).filter(([name]) => name === '`BOT_APP_TYPE`')
  expect(codesIn(row[2] ?? '')).toEqual(expect.arrayContaining([...appTypes]))
})

test('docs/operate/settings.md names every cloud, with an address of its Bot Connector', () => {
  const rows = rowsOf(sectionOf(settings, '## Clouds')).slice(1)
  const named = rows.map(([, name = '', url = '']) => [codesIn(name)[0], codesIn(url)[0] ?? ''] as const)
  expect(new Set(named.map(([name]) => name))).toEqual(new Set(cloudNames))
  for (const [COUNTERSIGN_CLOUD = '', BOT_SERVICE_URL] of named)
    expect(() => readConfig({ ...deployed, COUNTERSIGN_CLOUD, BOT_SERVICE_URL })).not.toThrow()
})

test('docs/agents/local.md names exactly the settings that the local stack reads', () => {
  const { env, read } = watched({})
  localSettings(env, [])
  localTeams(env, 'http://127.0.0.1:1')
  const named = Object.keys(examplesIn(sectionOf(local, '## Settings')))
  expect(named.sort()).toEqual([...read].sort())
})

test('docs/agents/local.md names the default ports and folders of the local stack', () => {
  const { ports, data, policy } = localSettings({}, [])
  const named = examplesIn(sectionOf(local, '## Settings'))
  expect(named).toMatchObject({
    COUNTERSIGN_PORT: String(ports.api.port),
    COUNTERSIGN_IDENTITY_PORT: String(ports.identity.port),
    COUNTERSIGN_STORAGE_PORT: String(ports.blobs.port),
    COUNTERSIGN_PLAYGROUND_PORT: String(ports.playground?.port),
  })
  expect([data, policy].map((folder) => folder.split('/').at(-1))).toEqual([
    named['COUNTERSIGN_DATA'],
    named['COUNTERSIGN_POLICY'],
  ])
})

test('docs/agents/local.md names every account of the local tenant', () => {
  const named = rowsOf(sectionOf(local, '## Accounts')).flatMap(([account = '']) => codesIn(account))
  expect(named.toSorted()).toEqual([...users, ...agents].map(({ name }) => name).sort())
})
