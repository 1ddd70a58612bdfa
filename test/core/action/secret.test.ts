import type { JsonObject } from '../../../src/core/data/json.ts'
import { keyFormats, shortestKey } from '../../../src/core/action/secretFormats.ts'
import { Problem } from '../../../src/core/data/problem.ts'
import { checkSecrets } from '../../../src/core/action/secret.ts'
import { isSecretName, looksSecret } from '../../../src/core/action/secretName.ts'
import { action } from '../../support/build.ts'
import { someOf } from '../../support/whole.ts'
import { made, type Param, written } from '../request/ordinary.ts'
import { ordinaryLines, registryLogin, tellingArguments, tellingTexts } from './corpus.ts'

type Written = Parameters<typeof checkSecrets>[0]

const ask = (other: Partial<Written> = {}): Written => ({ action, reason: 'Quarterly report', links: [], ...other })
const withParams = (params: JsonObject): Written => ask({ action: { ...action, params } })

function refusal(written: Written, exempt: readonly string[] = []): Problem | null {
  try {
    checkSecrets(written, exempt)
    return null
  } catch (cause) {
    if (cause instanceof Problem) return cause
    throw cause
  }
}

const pointerOf = (params: JsonObject, exempt: readonly string[] = []) =>
  refusal(withParams(params), exempt)?.details.pointer ?? null

/** Characters without meaning. No key is written out here, so that nobody takes this file for a leak. */
const hex = (count: number) => '3f8a1c7e9b2d4605'.repeat(10).slice(0, count)
const mixed = (count: number) => 'q7Zt2LmX9vRk4BnY8cWd'.repeat(10).slice(0, count)
const capital = (count: number) => 'QZTLMXVRKBNYCWDHJ'.repeat(10).slice(0, count)
const made64 = (text: string) => Buffer.from(text).toString('base64url')
const begins = (...parts: readonly string[]) => parts.join('')
const password = begins('tr0ub', '4dor&3')
const token = [made64('{"alg":"RS256","typ":"JWT"}'), made64('{"sub":"x"}'), mixed(40)].join('.')

const samples: Readonly<Record<string, readonly string[]>> = {
  'AWS access key': [begins('AK', 'IA', capital(16)), begins('AS', 'IA', capital(16))],
  'GitHub token': [
    ...['p', 'o', 'u', 's', 'r'].map((kind) => `gh${kind}_${mixed(36)}`),
    `github_pat_${mixed(22)}_${mixed(59)}`,
  ],
  'GitLab token': [`glpat-${mixed(20)}`, `glrt-${mixed(20)}`, `glcbt-64_${mixed(20)}`, `glwt-${mixed(20)}`],
  'Slack token': [
    `xoxb-${hex(12)}-${mixed(24)}`,
    `xoxp-${hex(12)}`,
    `xapp-1-${capital(9)}-${hex(12)}`,
    `xwfp-${hex(12)}`,
  ],
  'Slack webhook': [`https://hooks.slack.com/services/T${capital(8)}/B${capital(8)}/${mixed(24)}`],
  'Stripe key': [`sk_live_${mixed(24)}`, `rk_live_${mixed(24)}`, `whsec_${mixed(32)}`],
  'Google API key': [`AIza${mixed(35)}`],
  'Google OAuth secret': [`GOCSPX-${mixed(28)}`, `ya29.${mixed(60)}`],
  'Azure account key': [
    `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${mixed(86)}==;EndpointSuffix=core.windows.net`,
  ],
  'Entra client secret': [`${mixed(3)}8Q~${mixed(34)}`],
  'Azure DevOps token': [`${mixed(76)}AZDO${mixed(4)}`],
  'Azure key': ['9', 'D', 'H'].map((kind) => `${mixed(52)}JQQJ9${kind}${mixed(26)}`),
  'npm token': [`npm_${mixed(36)}`],
  'PyPI token': [`pypi-AgEIcHlwaS5vcmc${mixed(120)}`],
  'Docker token': [`dckr_pat_${mixed(27)}`],
  'Twilio key': [`SK${hex(32)}`, `SK${hex(32).toUpperCase()}`],
  'SendGrid key': [`SG.${mixed(22)}.${mixed(43)}`],
  'Mailgun key': [`key-${hex(32)}`],
  'DigitalOcean token': [`dop_v1_${hex(64)}`],
  'Shopify token': [`shpat_${hex(32)}`],
  'Anthropic key': [`sk-ant-api03-${mixed(93)}AA`],
  'OpenAI key': [`sk-proj-${mixed(100)}`, `sk-service-${mixed(100)}`, `sk-${mixed(20)}T3BlbkFJ${mixed(20)}`],
  'Hugging Face token': [`hf_${capital(34)}`, `hf_${mixed(34)}`],
  'Vault token': [`hvs.${mixed(90)}`],
  'HCP Terraform token': [`${mixed(14)}.atlasv1.${mixed(67)}`],
  'Databricks token': [`dapi${hex(32)}`],
  'Grafana token': [`glsa_${mixed(32)}_${hex(8)}`],
  'Atlassian token': [`ATATT3xFfGF0${mixed(180)}`],
  'Linear key': [`lin_api_${mixed(40)}`],
  'New Relic key': [`NRAK-${capital(27)}`],
  'Postman key': [`PMAK-${hex(24)}-${hex(34)}`],
  'Doppler token': [`dp.st.prd.${mixed(40)}`],
  '1Password token': [`ops_${made64(`{"signInAddress":"${mixed(60)}"}`)}`],
  'age secret key': [`AGE-SECRET-KEY-1${capital(58)}`],
  'private key': ['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '].map((kind) =>
    begins('-----BEGIN ', kind, 'PRIVATE', ' KEY-----'),
  ),
  'PuTTY private key': [begins('PuTTY-User', '-Key-File-3: ssh-ed25519')],
  'shared access signature': [`https://a.blob.core.windows.net/c/b?sv=2024-11-04&sig=${mixed(43)}%3D`],
  'presigned address': [`https://b.s3.amazonaws.com/k?X-Amz-Date=20260131T000000Z&X-Amz-Signature=${hex(64)}`],
  'JSON Web Token': [token, `x ${token} y`, `eyJhbGciOiJub25lIn0.${token}`],
}

describe('a key in a published format', () => {
  test('each key format has a sample', () => {
    expect(Object.keys(samples)).toEqual([...keyFormats.map(({ name }) => name), 'JSON Web Token'])
  })

  const all = Object.entries(samples).flatMap(([name, texts]) => texts.map((text, i) => [name, i, text] as const))

  test.each(all)('is refused wherever it stands: %s (%#)', (name, _i, text) => {
    for (const around of [text, `see ${text}, please`, `"${text}"`, `a\\n${text}`, `x=${text}`]) {
      const refused = refusal(withParams({ a: { b: ['x', around] } }))
      expect(refused).toMatchObject({ code: 'secret-in-params', status: 422, details: { pointer: '/params/a/b/1' } })
      expect(refused?.message).toContain(name)
      expect(JSON.stringify([refused?.message, refused?.details])).not.toContain(text)
    }
    expect(refusal(ask({ reason: `with ${text}` }))?.details.pointer).toBe('/reason')
    expect(refusal(ask({ action: { ...action, target: text } }))?.details.pointer).toBe('/target')
    expect(refusal(ask({ links: [{ title: text, url: 'https://x.example' }] }))?.details.pointer).toBe('/links/0/title')
  })

  test('is refused as a key too, without its being said', () => {
    const [key = ''] = samples['GitHub token'] ?? []
    const refused = refusal(withParams({ a: { [key]: { b: [`x ${key}`] } } }))
    expect(refused?.details.pointer).toBe('/params/a')
    expect(refused?.message).not.toContain(key)
  })

  test('no key is shorter than the shortest text that is searched', () => {
    for (const { name, pattern } of keyFormats)
      for (const text of samples[name] ?? []) expect(pattern.exec(text)?.[0].length).toBeGreaterThanOrEqual(shortestKey)
  })

  test('the pattern of each key has no repetition without a bound', () => {
    for (const { pattern } of keyFormats)
      expect(pattern.source.replace(/\[(?:\\.|[^\]\\])*\]/g, 'c').replace(/\\./g, 'e')).not.toMatch(/[*+]|\{\d+,\}/)
  })
})

describe('an address', () => {
  test.each([
    `https://ci:${password}@git.example.com/a.git`,
    `postgres://app:${mixed(6)}@db/orders`,
    `redis://:${mixed(12)}@cache:6379/0`,
    `copy from mongodb+srv://app:${mixed(9)}@c.example.net now`,
  ])('with a password is refused (%#)', (url) => {
    expect(pointerOf({ url })).toBe('/params/url')
    expect(refusal(ask({ links: [{ title: 'x', url }] }))?.details.pointer).toBe('/links/0/url')
  })
})

describe('a value is a secret by its name', () => {
  const value = mixed(14)

  test.each([
    'password',
    'Passwd',
    'DB_PASSWORD',
    'dbPassword',
    'db-password',
    'db.password',
    'PGPASSWORD',
    'newPassword',
    'password2',
    'passwordBase64',
    'secret',
    'clientSecret',
    'client_secret',
    'CLIENTSECRET',
    'SecretString',
    'token',
    'accessToken',
    'AUTH_TOKEN',
    'apiKey',
    'APIKey',
    'api_key',
    'apikey',
    'X-Api-Key',
    'aws_secret_access_key',
    'accessKey',
    'privateKey',
    'storage_key',
    'credential',
    'credentials',
    'passphrase',
    'authorization',
    'pwd',
    'DB_PASS',
  ])('%s', (name) => {
    expect(isSecretName(name)).toBe(true)
    expect(pointerOf({ [name]: value })).toBe(`/params/${name}`)
    expect(pointerOf({ script: `export ${name}=${value}` })).toBe('/params/script')
  })

  test.each([
    'token_id',
    'tokenType',
    'secret_name',
    'secretArn',
    'password_policy',
    'passwordless',
    'key',
    'public_key',
    'partitionKey',
    'next_page_token',
    'max_tokens',
    'compass',
    'bypass_cache',
    'author',
    'tokenizer',
    'keyboard',
    'secretary',
    'access_key_id',
    '',
  ])('%p says nothing', (name) => {
    expect(isSecretName(name)).toBe(false)
  })

  test.each<[string, JsonObject, string]>([
    ['inside', { db: { password: value } }, '/params/db/password'],
    ['of an object that wraps it', { password: { value } }, '/params/password/value'],
    ['of what stands beside it', { env: [{ name: 'DB_PASSWORD', value }] }, '/params/env/0/value'],
    ['of what stands beside it, in capitals', { Tags: [{ Key: 'ApiKey', Value: value }] }, '/params/Tags/0/Value'],
    ['of a list', { tokens: ['short', value] }, '/params/tokens/1'],
    ['of a collection', { secrets: { db: value } }, '/params/secrets/db'],
    ['of the option before it', { command: { args: ['login', '--password', value] } }, '/params/command/args/2'],
    ['of the option it is joined to', { command: { args: [`--token=${value}`] } }, '/params/command/args/0'],
    ['of the option, in one line', { line: `login --password ${value}` }, '/params/line'],
    ['in JSON', { body: `{"password": "${value}"}` }, '/params/body'],
    ['in JSON inside JSON', { body: `{\\"password\\": \\"${value}\\"}` }, '/params/body'],
    ['in YAML', { body: `db:\n  password: ${value}\n` }, '/params/body'],
    ['in a connection string', { to: `Server=db;User Id=app;Password=${value};` }, '/params/to'],
    ['in a query', { url: `https://x.example/?a=1&access_token=${value}` }, '/params/url'],
    ['in a header', { header: `Authorization: Bearer ${mixed(30)}` }, '/params/header'],
    ['in a header of Basic', { header: `Basic ${Buffer.from(`ci:${password}`).toString('base64')}` }, '/params/header'],
    ['after another name', { line: `url=password=${value}` }, '/params/line'],
  ])('%s', (_what, params, pointer) => {
    expect(pointerOf(params)).toBe(pointer)
  })

  test.each([
    password,
    mixed(8),
    hex(32),
    'Summer2026!',
    'hunter2hunter2',
    '12345678',
    'kJhGfDsAqWeRtY',
    'P@ssw0rd',
    '$3cret-Sauce',
  ])('such as the %#th', (secret) => {
    expect(looksSecret(secret)).toBe(true)
  })

  test('unless it is short, or no text', () => {
    expect(pointerOf({ password: 'short', token: 12_345_678_901, secret: true, apiKey: ['a', ['b']] })).toBeNull()
  })
})

describe('what the policy excepts', () => {
  const value = mixed(14)

  test('a value that its name calls a secret passes at its pointer and nowhere else', () => {
    expect(pointerOf({ api_key: value }, ['/params/api_key'])).toBeNull()
    expect(pointerOf({ a: { api_key: value } }, ['/params/api_key'])).toBe('/params/a/api_key')
    expect(pointerOf({ tokens: { a: value } }, ['/params/tokens'])).toBe('/params/tokens/a')
  })

  test('so does each item of an array', () => {
    expect(pointerOf({ tokens: [value, value] }, ['/params/tokens/*'])).toBeNull()
    expect(pointerOf({ tokens: [[value]] }, ['/params/tokens/*'])).toBe('/params/tokens/0/0')
    expect(pointerOf({ tokens: { '*': value } }, ['/params/tokens/*'])).toBe('/params/tokens/*')
  })

  test('so does a command', () => {
    const argv = ['sshpass', '-p', value, 'ssh', 'db1']
    expect(pointerOf({ line: argv.join(' '), argv }, ['/params/line', '/params/argv/*'])).toBeNull()
  })

  test('the target can be exempt', () => {
    const target = `token=${value}`
    expect(refusal(ask({ action: { ...action, target } }), ['/target'])).toBeNull()
    expect(refusal(ask({ reason: target }), ['/target'])?.details.pointer).toBe('/reason')
  })

  test.each(Object.entries(samples))('a key in a published format never does: %s', (_name, [text = '']) => {
    expect(pointerOf({ note: text, list: [text] }, ['/params/note', '/params/list/*'])).toBe('/params/note')
    expect(pointerOf({ list: [text] }, ['/params/list/*'])).toBe('/params/list/0')
  })
})

describe('what has no name of its own', () => {
  const passwords = [mixed(12), begins('T7qLm2', 'x9vBk4.~xyz'), begins('Sommer', '2026!')]
  const missed = passwords.flatMap((word) =>
    tellingTexts(word).filter((text) => pointerOf({ text }) !== '/params/text'),
  )

  test('is found on command lines, in SQL, in scripts and in manifests', () => {
    expect(missed).toEqual([])
  })

  test('is found among the arguments of a command, at its place', () => {
    for (const word of passwords)
      for (const [argv, place] of tellingArguments(word)) {
        expect(pointerOf({ argv })).toBe(`/params/argv/${place}`)
        const [path = '', ...args] = argv
        expect(pointerOf({ run: { path, args } })).toBe(`/params/run/args/${place - 1}`)
      }
  })

  test('a login to a registry is found as an object and in base64', () => {
    const [word = ''] = passwords
    const auth = Buffer.from(`deploy:${word}`).toString('base64')
    expect(pointerOf({ auths: { 'r.example.com': { auth } } })).toBe('/params/auths/r.example.com/auth')
    expect(pointerOf({ data: { '.dockerconfigjson': registryLogin(word) } })).toBe('/params/data/.dockerconfigjson')
  })

  test('a key in a published format is found in base64', () => {
    const [text = ''] = samples['GitHub token'] ?? []
    expect(pointerOf({ data: Buffer.from(`token ${text}\n`).toString('base64') })).toBe('/params/data')
  })
})

describe('what only names a secret', () => {
  test.each<[string, JsonObject]>([
    ['the token of a call to AWS', { ClientToken: '8d7f2b41-c95e-4f7a-b1c2-0d9e8f7a6b5c' }],
    ['the contract of a token', { sellToken: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48' }],
    ['a secret of Kubernetes', { values: { auth: { existingSecret: 'pg-creds-7d9f8c' } } }],
    ['secrets to pull images with', { imagePullSecrets: [{ name: 'builder-dockercfg-x8k2p' }] }],
    ['the same by name alone', { imagePullSecrets: ['builder-dockercfg-x8k2p'] }],
    ['code', { content: 'const password = hashPassword(input.password, 12)\nconst token = await getToken(req)\n' }],
    ['a column', { statement: 'SELECT id FROM users WHERE password = crypt($1, password)' }],
  ])('is none: %s', (_what, params) => {
    expect(pointerOf(params)).toBeNull()
  })

  test.each<[string, JsonObject, string]>([
    ['a UUID as a token', { token: '8d7f2b41-c95e-4f7a-b1c2-0d9e8f7a6b5c' }, '/params/token'],
    ['another token of a client', { ClientToken: mixed(20) }, '/params/ClientToken'],
    ['a private key of 32 bytes', { privateKey: `0x${hex(64)}` }, '/params/privateKey'],
    ['random letters as a name', { existingSecret: mixed(20) }, '/params/existingSecret'],
    ['random letters as a call', { script: `password: ${mixed(6)}(${mixed(8)}` }, '/params/script'],
  ])('is not to be confused with %s', (_what, params, pointer) => {
    expect(pointerOf(params)).toBe(pointer)
  })
})

describe('false alarms', () => {
  const alarms = (params: readonly Param[]) => params.filter(([name, value]) => pointerOf({ [name]: value }) !== null)

  test('false alarms are fewer than 1 in 1,000 ordinary params', () => {
    const params = [...made(150), ...written]
    expect(params.length).toBeGreaterThanOrEqual(5_000)
    const found = alarms(params)
    if (found.length) console.info(found)
    expect(found.length * 1_000).toBeLessThan(params.length)
  })

  test('2,000 lines of code, SQL, YAML, commands and logs raise none', () => {
    const lines = ordinaryLines(2_000)
    expect(lines.length).toBeGreaterThanOrEqual(2_000)
    expect(lines.filter((text) => pointerOf({ text }) !== null)).toEqual([])
  })

  test('texts that people wrote by hand raise no false alarm', () => {
    expect(alarms(written)).toEqual([])
    for (const [, reason] of written) expect(refusal(ask({ reason }))).toBeNull()
  })
})

describe('hostile text of 32 KB', () => {
  const size = 32_768
  const long = (part: string) => part.repeat(Math.ceil(size / part.length)).slice(0, size)

  const parts = [
    'a',
    'A',
    '-',
    '_',
    '.',
    ' ',
    '=',
    ':',
    'a-',
    'a.',
    'aA',
    'a=',
    'eyJ',
    '-eyJ',
    'eyJa.',
    'eyJhbGciOiJ9.',
    '://',
    '://a',
    '://a:',
    'a://b:c',
    'password=',
    'password: ',
    '--password ',
    '--a-',
    '-- ',
    'token"=>"',
    "a'='",
    'Bearer ',
    'basic  ',
    'Bearer a',
    'ghp_',
    'sk-',
    'sk-ant-',
    'xoxb-',
    'AKIA',
    'AccountKey=',
    '?sig=',
    '&sig=',
    '8Q~',
    'aaa8Q~',
    '-----BEGIN ',
    '-----BEGIN PRIVATE ',
    'dp.st.',
    'SG.a',
    'SG.',
    '%3D',
    '\\n',
    'hooks.slack.com/',
    'glc_',
    'AZDO',
    'JQQJ9',
    '.atlasv1.',
    '${',
    '{{',
    '<',
    '***',
    'x',
    '@',
    'a@b.',
    'a@b-',
    '/a',
    '/',
    '\u{1f600}',
    'Aa',
    'aB1',
  ]

  test.each(someOf(parts, (part) => part.length, 2))('made of %p is looked at to its end', (part) => {
    const text = long(part)
    for (const reason of [text, `${text}!`, `password=${text}`]) refusal(ask({ reason }))
    for (const params of [{ password: text }, { list: [`--${text}`, `${text}!`] }]) refusal(withParams(params))
    expect(refusal(ask({ reason: `${long(part)} ghp_${mixed(36)}` }))?.code).toBe('secret-in-params')
  })
})
