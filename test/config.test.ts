import { readConfig, settingFaults } from '../src/config.ts'
import { clouds } from '../src/runtime/cloud.ts'
import { makeWitness } from './support/cosigning.ts'

const key = 'https://vault.vault.azure.net/keys/grants'

const env = {
  COUNTERSIGN_BASE_URL: 'https://approvals.contoso.example',
  COUNTERSIGN_ORIGIN: 'approvals.contoso.example/evidence',
  COUNTERSIGN_TENANT_ID: '11111111-1111-4111-8111-111111111111',
  COUNTERSIGN_API_APP_ID: '22222222-2222-4222-8222-222222222222',
  COUNTERSIGN_TABLES_URL: 'https://contoso.table.core.windows.net',
  COUNTERSIGN_BLOBS_URL: 'https://contoso.blob.core.windows.net',
  COUNTERSIGN_GRANT_KEY: key,
  COUNTERSIGN_LOG_KEY: 'https://vault.vault.azure.net/keys/log',
  COUNTERSIGN_LEDGER_KEY: 'https://vault.vault.azure.net/secrets/ledger',
  COUNTERSIGN_POLICY: 'policy',
  AZURE_CLIENT_ID: '33333333-3333-4333-8333-333333333333',
  BOT_APP_ID: '44444444-4444-4444-8444-444444444444',
  BOT_APP_TYPE: 'SingleTenant',
  BOT_TENANT_ID: '11111111-1111-4111-8111-111111111111',
  BOT_SERVICE_URL: 'https://smba.trafficmanager.net/emea/',
}

test('grants and the log have separate signing keys', () => {
  expect(readConfig(env)).toMatchObject({ grantKey: key, logKey: env.COUNTERSIGN_LOG_KEY })
  const log = `${env.COUNTERSIGN_LOG_KEY}/${'0'.repeat(32)}`
  expect(readConfig({ ...env, COUNTERSIGN_LOG_KEY: log }).logKey).toBe(log)
})

test.each([
  ['the key for grants', key],
  ['another version of it', `${key}/${'0'.repeat(32)}`],
  ['it in capitals', 'https://VAULT.vault.azure.net/keys/Grants'],
  ['no key', 'https://vault.vault.azure.net/secrets/log'],
])('the log is not signed with %s', (_what, value) => {
  expect(() => readConfig({ ...env, COUNTERSIGN_LOG_KEY: value })).toThrow('COUNTERSIGN_LOG_KEY')
})

test.each([
  ['a key', key],
  ['one version alone', `${env.COUNTERSIGN_LEDGER_KEY}/${'0'.repeat(32)}`],
  ['the secret itself', Buffer.alloc(32).toString('base64')],
])('the ledger is not authenticated with %s', (_what, value) => {
  expect(() => readConfig({ ...env, COUNTERSIGN_LEDGER_KEY: value })).toThrow('COUNTERSIGN_LEDGER_KEY')
})

test.each(Object.keys(env))('a missing %s stops the start by name', (name) => {
  expect(() => readConfig({ ...env, [name]: '' })).toThrow(name)
})

test('the cloud is the public one, unless it is named', () => {
  expect(readConfig(env).cloud).toBe(clouds.public)
  expect(readConfig({ ...env, COUNTERSIGN_CLOUD: '' }).cloud).toBe(clouds.public)
  const connector = { 'gcc-high': 'gov', dod: 'dod' } as const
  for (const name of ['gcc-high', 'dod'] as const) {
    const BOT_SERVICE_URL = `https://smba.infra.${connector[name]}.teams.microsoft.us/teams`
    expect(readConfig({ ...env, COUNTERSIGN_CLOUD: name, BOT_SERVICE_URL }).cloud).toBe(clouds[name])
    expect(() => readConfig({ ...env, COUNTERSIGN_CLOUD: name })).toThrow(/BOT_SERVICE_URL.*COUNTERSIGN_CLOUD/)
  }
  for (const other of ['Public', 'gcc', 'china', 'constructor'])
    expect(() => readConfig({ ...env, COUNTERSIGN_CLOUD: other })).toThrow('COUNTERSIGN_CLOUD is malformed')
})

test('the applications for people are optional, and a malformed list stops the start', () => {
  expect(readConfig(env).clients.size).toBe(0)
  expect(readConfig({ ...env, COUNTERSIGN_CLIENTS: '' }).clients.size).toBe(0)
  const id = '55555555-5555-4555-8555-555555555555'
  expect([...readConfig({ ...env, COUNTERSIGN_CLIENTS: `cli=${id}` }).clients]).toEqual([[id, 'cli']])
  expect(() => readConfig({ ...env, COUNTERSIGN_CLIENTS: `teams=${id}` })).toThrow('COUNTERSIGN_CLIENTS is malformed')
})

test('backups are off unless the setting says on, and no other word passes for either', () => {
  const backup = (value: string) => readConfig({ ...env, COUNTERSIGN_BACKUP: value }).backup
  expect([readConfig(env).backup, ...['', 'off', 'on'].map(backup)]).toEqual([false, false, false, true])
  for (const value of ['true', 'ON', '1', 'backup'])
    expect(() => backup(value)).toThrow('COUNTERSIGN_BACKUP is malformed')
})

test('a witness is an address with its key, or there is none', () => {
  const witnesses = (value: string) => readConfig({ ...env, COUNTERSIGN_WITNESS: value }).witnesses
  expect([readConfig(env).witnesses, witnesses('')]).toEqual([[], []])
  const { key } = makeWitness()
  expect(witnesses(`https://witness.contoso.example ${key}`)).toMatchObject([
    { url: 'https://witness.contoso.example' },
  ])
  for (const value of ['on', key, `http://127.0.0.1 ${key}`])
    expect(() => witnesses(value)).toThrow('The setting COUNTERSIGN_WITNESS is malformed')
  expect(settingFaults({ ...env, COUNTERSIGN_WITNESS: 'on' })).toHaveLength(1)
})

test('what the deployer says of the policy is one line of at most 200 characters, without a secret', () => {
  const ref = (value: string) => readConfig({ ...env, COUNTERSIGN_POLICY_REF: value }).policyRef
  expect([readConfig(env).policyRef, ref('')]).toEqual([undefined, undefined])
  const commit = '9f2c4b7e1d3a5c6f8e0b2d4a6c8e0f1a3b5d7f9c'
  for (const value of [`${commit} by Ann Li <ann@contoso.com>, CHG0031337`, 'é'.repeat(200), '😀'.repeat(200)])
    expect(ref(value)).toBe(value)
  const token = ['ghp', 'abcdefghijklmnopqrstuvwxyz0123456789'].join('_')
  for (const value of ['x'.repeat(201), 'a\nb', 'a\tb', 'a\u0007', `with ${token}`])
    expect(() => ref(value)).toThrow('The setting COUNTERSIGN_POLICY_REF is malformed: it is one line of at most 200')
})

test('a step-up is asked for by the id of an authentication context, or not at all', () => {
  const read = (value: string) => readConfig({ ...env, COUNTERSIGN_STEP_UP: value }).stepUp
  expect([readConfig(env).stepUp, ...['', 'c1', 'c25', 'c99'].map(read)]).toEqual([
    undefined,
    undefined,
    'c1',
    'c25',
    'c99',
  ])
  for (const value of ['c0', 'c100', 'C1', 'on', 'c1,c2', ' c1', 'c1"'])
    expect(() => read(value)).toThrow('COUNTERSIGN_STEP_UP is malformed: it is the id of an authentication context')
})

test('the console is one of the applications that people may use', () => {
  const [id, other] = ['a0000000-0000-4000-8000-00000000000a', 'a0000000-0000-4000-8000-00000000000b']
  const read = (clients: string, COUNTERSIGN_CONSOLE_APP_ID: string) =>
    readConfig({ ...env, COUNTERSIGN_CLIENTS: clients, COUNTERSIGN_CONSOLE_APP_ID }).consoleAppId
  expect(read(`cli=${other},console=${id}`, id.toUpperCase())).toBe(id)
  expect(read(`console=${id}`, '')).toBeUndefined()
  expect(read('', id)).toBeUndefined()
  for (const wrong of [other, 'console'])
    expect(() => read(`console=${id}`, wrong)).toThrow(/COUNTERSIGN_CONSOLE_APP_ID is malformed.*COUNTERSIGN_CLIENTS/)
})

test('the app in Teams is named by a GUID, and only with a console', () => {
  const [id, tab] = ['a0000000-0000-4000-8000-00000000000a', 'A0000000-0000-4000-8000-00000000000C']
  const read = (other: Readonly<Record<string, string>>) =>
    readConfig({ ...env, COUNTERSIGN_CLIENTS: `console=${id}`, COUNTERSIGN_CONSOLE_APP_ID: id, ...other }).teamsAppId
  expect(read({ COUNTERSIGN_TEAMS_APP_ID: tab })).toBe(tab.toLowerCase())
  expect(read({ COUNTERSIGN_TEAMS_APP_ID: '' })).toBeUndefined()
  for (const none of ['COUNTERSIGN_CLIENTS', 'COUNTERSIGN_CONSOLE_APP_ID'])
    expect(read({ COUNTERSIGN_TEAMS_APP_ID: tab, [none]: '' })).toBeUndefined()
  expect(() => read({ COUNTERSIGN_TEAMS_APP_ID: 'console' })).toThrow('COUNTERSIGN_TEAMS_APP_ID is malformed')
})

test('every setting that is wrong is named once, and no value of it', () => {
  const names = Object.keys(env)
  const missing = settingFaults({})
  expect(missing.map((sentence) => /setting (\w+) is missing/.exec(sentence)?.[1] ?? '').toSorted()).toEqual(
    names.toSorted(),
  )
  const malformed = settingFaults({
    ...Object.fromEntries(names.map((name) => [name, 'not/this value'])),
    COUNTERSIGN_CLIENTS: 'not/this value',
  })
  expect(malformed).toHaveLength(names.length)
  expect(malformed.join(' ')).not.toContain('not/this')
  expect(settingFaults(env)).toEqual([])
  expect(settingFaults({ ...env, COUNTERSIGN_LOG_KEY: env.COUNTERSIGN_GRANT_KEY })).toHaveLength(1)
})

describe('the settings of Slack', () => {
  const slack = {
    COUNTERSIGN_SLACK_APP_ID: 'A0123456789',
    COUNTERSIGN_SLACK_TEAM_ID: 'T0123456789',
    COUNTERSIGN_SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
    COUNTERSIGN_SLACK_TOKEN: 'xoxb-1111111111-abcdef',
  }
  const old = 'fedcba9876543210fedcba9876543210'

  test('make a door together, and none without them', () => {
    expect(readConfig(env)).not.toHaveProperty('slack')
    expect(readConfig({ ...env, COUNTERSIGN_SLACK_TOKEN: '' })).not.toHaveProperty('slack')
    const { appId, teamId, signingSecrets, token } = readConfig({ ...env, ...slack }).slack ?? {}
    expect([appId, teamId, signingSecrets, token]).toEqual([
      ...['A0123456789', 'T0123456789', ['0123456789abcdef0123456789abcdef'], 'xoxb-1111111111-abcdef'],
    ])
    const both = readConfig({ ...env, ...slack, COUNTERSIGN_SLACK_OLD_SIGNING_SECRET: old }).slack
    expect(both?.signingSecrets).toEqual([slack.COUNTERSIGN_SLACK_SIGNING_SECRET, old])
  })

  test.each(Object.keys(slack))('stop the start by name without %s', (name) => {
    expect(() => readConfig({ ...env, ...slack, [name]: '' })).toThrow(`The setting ${name} is missing`)
  })

  test('stop the start if only the old secret is set', () => {
    expect(() => readConfig({ ...env, COUNTERSIGN_SLACK_OLD_SIGNING_SECRET: old })).toThrow('COUNTERSIGN_SLACK_')
  })

  test.each([
    ['COUNTERSIGN_SLACK_APP_ID', 'T0123456789'],
    ['COUNTERSIGN_SLACK_TEAM_ID', 'E0123456789'],
    ['COUNTERSIGN_SLACK_SIGNING_SECRET', '@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/s)'],
    ['COUNTERSIGN_SLACK_SIGNING_SECRET', '0123456789abcdef'],
    ['COUNTERSIGN_SLACK_OLD_SIGNING_SECRET', 'old'],
    ['COUNTERSIGN_SLACK_TOKEN', 'xoxp-1111111111-abcdef'],
    ['COUNTERSIGN_SLACK_TOKEN', '@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/t)'],
  ])('are refused in another form, without their value: %s=%s', (name, value) => {
    const refused = () => readConfig({ ...env, ...slack, [name]: value })
    expect(refused).toThrow(`The setting ${name} is malformed`)
    expect(refused).not.toThrow(value)
  })
})

describe('the settings of GitHub', () => {
  const github = {
    COUNTERSIGN_GITHUB_APP_ID: '123456',
    COUNTERSIGN_GITHUB_KEY: 'https://contoso.vault.azure.net/keys/github-app',
    COUNTERSIGN_GITHUB_SECRET: '0123456789abcdef0123456789abcdef',
  }

  test('make a door together, and none without them', () => {
    expect(readConfig(env)).not.toHaveProperty('gitHub')
    expect(readConfig({ ...env, ...github }).gitHub).toEqual({
      ...{ appId: '123456', key: github.COUNTERSIGN_GITHUB_KEY, secret: github.COUNTERSIGN_GITHUB_SECRET },
      api: 'https://api.github.com',
    })
    const api = 'https://github.contoso.example/api/v3'
    expect(readConfig({ ...env, ...github, COUNTERSIGN_GITHUB_API: api }).gitHub?.api).toBe(api)
  })

  test.each(Object.keys(github))('stop the start by name without %s', (name) => {
    expect(() => readConfig({ ...env, ...github, [name]: '' })).toThrow(`The setting ${name} is missing`)
  })

  test('stop the start if only the address of the API is set', () => {
    expect(() => readConfig({ ...env, COUNTERSIGN_GITHUB_API: 'https://api.contoso.ghe.com' })).toThrow(
      'COUNTERSIGN_GITHUB_',
    )
  })

  test.each([
    ['COUNTERSIGN_GITHUB_APP_ID', 'countersign'],
    ['COUNTERSIGN_GITHUB_KEY', 'https://contoso.vault.azure.net/secrets/github-app'],
    ['COUNTERSIGN_GITHUB_KEY', '-----BEGIN RSA PRIVATE KEY-----'],
    ['COUNTERSIGN_GITHUB_SECRET', 'short'],
    ['COUNTERSIGN_GITHUB_SECRET', '@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/s)'],
    ['COUNTERSIGN_GITHUB_API', 'http://api.github.com'],
    ['COUNTERSIGN_GITHUB_API', 'https://api.github.com/'],
  ])('are refused in another form, without their value: %s=%s', (name, value) => {
    const refused = () => readConfig({ ...env, ...github, [name]: value })
    expect(refused).toThrow(`The setting ${name} is malformed`)
    expect(refused).not.toThrow(value)
  })
})
