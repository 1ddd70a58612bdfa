import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import { someOf } from '../support/whole.ts'
import { type AzDouble, type AzFaultTold, type AzState, makeAz } from './az.ts'
import { type Ended, runScript } from './ended.ts'

const subscription = '0b1f6471-1bf0-4dda-aec3-cb9272f09590'
const vault = `/subscriptions/${subscription}/resourceGroups/rg-prod/providers/Microsoft.KeyVault/vaults/kv-prod`
const secret = `${vault}/secrets/ledger-key`
const app = 'a1000000-0000-4000-8000-000000000001'
const roles = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions`
const cryptoUser = `${roles}/12338af0-0e69-4776-bea7-57ae8d297424`
const secretsUser = `${roles}/4633458b-17de-408a-b874-0445c86b69e6`

const granted = (principalId: string, roleDefinitionId = cryptoUser, more: object = {}) => ({
  id: `${vault}/providers/Microsoft.Authorization/roleAssignments/${principalId}`,
  properties: { scope: vault, principalId, principalType: 'ServicePrincipal', roleDefinitionId, ...more },
})

const fresh: Partial<AzState> = {
  resources: [{ type: 'Microsoft.KeyVault/vaults', name: 'kv-prod', id: vault }],
  assignments: [granted(app)],
}

let az: AzDouble
beforeAll(async () => {
  az = await makeAz()
})
afterAll(() => az.end())

const run = (...args: string[]): Promise<Ended> => runScript('ledgerKey.mjs', args, { env: az.env })

/** Nothing that can be read afterwards, or by other programs meanwhile, has the value of a version. */
function expectHidden({ stdout, stderr }: Ended): void {
  const values = az.state().secrets[secret] ?? []
  const told = [stdout, stderr, JSON.stringify(az.calls())].join('\n')
  for (const value of values) {
    expect(told).not.toContain(value)
    expect(told).not.toContain(Buffer.from(value, 'base64').toString('hex'))
  }
  expect(readdirSync(az.temporary)).toEqual([])
}

const rights = () =>
  az.state().assignments.flatMap(({ properties }) => (properties.scope === secret ? [properties] : []))

describe('a vault without the secret', () => {
  let ended: Ended
  beforeAll(async () => {
    az.knows(fresh)
    ended = await run('kv-prod')
  })

  test('gets one of 32 bytes in base64, and the setting is printed', () => {
    expect(ended).toMatchObject({
      code: 0,
      stdout: 'COUNTERSIGN_LEDGER_KEY=https://kv-prod.vault.azure.net/secrets/ledger-key\n',
    })
    const [value = '', more] = az.state().secrets[secret] ?? []
    expect(more).toBeUndefined()
    expect(Buffer.from(value, 'base64')).toHaveLength(32)
    expect(Buffer.from(value, 'base64').toString('base64')).toBe(value)
  })

  test('gives the identity of the app one role, on that secret alone', () => {
    expect(rights()).toEqual([
      { scope: secret, principalId: app, principalType: 'ServicePrincipal', roleDefinitionId: secretsUser },
    ])
  })

  test('passes the value in a file that only this user may read, and hides it everywhere else', () => {
    const put = az.calls().filter(({ name }) => name.startsWith(`put ${secret}?`))
    expect(put).toMatchObject([{ file: { mode: '600', folder: '700' }, logsBodies: false }])
    expectHidden(ended)
  })

  test('is left as it is by a second run', async () => {
    const before = az.state()
    const again = await run('kv-prod')
    expect(again).toMatchObject({ code: 0, stdout: ended.stdout })
    expect(az.state()).toEqual(before)
  })
})

test('two vaults get two values', async () => {
  const values = []
  for (const _ of [1, 2]) {
    az.knows(fresh)
    await run('kv-prod')
    values.push(az.state().secrets[secret]?.[0])
  }
  expect(new Set(values).size).toBe(2)
})

test('an existing secret keeps its value, and the app gets its role', async () => {
  az.knows({ ...fresh, secrets: { [secret]: ['standing'] } })
  expect(await run('kv-prod')).toMatchObject({ code: 0 })
  expect(az.state().secrets[secret]).toEqual(['standing'])
  expect(rights()).toHaveLength(1)
})

test('a new version is made only on demand, and the old one stays', async () => {
  az.knows({ ...fresh, secrets: { [secret]: ['standing'] } })
  const ended = await run('kv-prod', '--new-version')
  expect(ended.code).toBe(0)
  const [first, second = ''] = az.state().secrets[secret] ?? []
  expect(first).toBe('standing')
  expect(Buffer.from(second, 'base64')).toHaveLength(32)
  expect(ended.stderr).not.toContain(second)
})

test('a role that was given by hand counts', async () => {
  az.knows({ ...fresh, assignments: [granted(app), granted(app, secretsUser, { scope: secret })] })
  expect(await run('kv-prod')).toMatchObject({ code: 0 })
  expect(rights()).toHaveLength(1)
})

describe('the identity', () => {
  const other = 'a1000000-0000-4000-8000-000000000002'

  const unclear: readonly (readonly [string, AzState['assignments']])[] = [
    ['none that signs with the vault', []],
    ['two that sign with the vault', [granted(app), granted(other)]],
    ['only people who may sign', [granted(other, cryptoUser, { principalType: 'User' })]],
    ['only one whose right is that of the subscription', [granted(other, cryptoUser, { scope: '/subscriptions' })]],
  ]

  test.each(someOf(unclear, ([, assignments]) => assignments.length))(
    'must be named if there is %s, and nothing is made before',
    async (_what, assignments) => {
      az.knows({ ...fresh, assignments })
      expect(await run('kv-prod')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--identity') })
      expect(az.state().secrets).toEqual({})
      expect(await run('kv-prod', '--identity', other)).toMatchObject({ code: 0 })
      expect(rights()).toMatchObject([{ principalId: other }])
    },
  )
})

const throttled: AzFaultTold = {
  ...{ call: `^put ${secret}\\?`, reason: 'Too Many Requests', code: 'TooManyRequests', message: 'Slow down.' },
}

describe('a call is tried again', () => {
  const passing: readonly (readonly [string, Partial<AzState>])[] = [
    ['while the vault is throttled', { faults: [{ ...throttled, times: 2 }] }],
    ['after an answer that was lost', { faults: [{ ...throttled, reason: 'Gateway Timeout', after: true }] }],
    [
      'while Azure is out of reach',
      { faults: [{ call: 'resource list', says: 'ERROR: Max retries exceeded with url' }] },
    ],
    [
      'while the identity is not known everywhere',
      {
        faults: [
          { call: '^put .*/roleAssignments/', reason: 'Bad Request', code: 'PrincipalNotFound', message: 'Wait.' },
        ],
      },
    ],
  ]

  test.each(someOf(passing, () => '', 2))('%s, and makes one version', async (_when, more) => {
    az.knows({ ...fresh, ...more })
    const ended = await run('kv-prod')
    expect(ended).toMatchObject({ code: 0 })
    expect(az.state().secrets[secret]).toHaveLength(1)
    expect(rights()).toHaveLength(1)
    expectHidden(ended)
  })
})

describe('a lasting fault is reported in words, and nothing is left behind:', () => {
  const forbidden = { reason: 'Forbidden', code: 'AuthorizationFailed', message: 'The client has no authorization.' }

  const lasting: readonly (readonly [string, Partial<AzState>, readonly string[]])[] = [
    ['nobody is signed in', { signedOut: true }, ['az login']],
    [
      'the sign-in has ended',
      { faults: [{ call: 'resource list', says: 'ERROR: AADSTS700082: The refresh token has expired.' }] },
      ['az login'],
    ],
    ['there is no such vault', { resources: [] }, ['no vault kv-prod', '--subscription']],
    ['the secret may not be read', { faults: [{ call: `^get ${secret}`, ...forbidden }] }, ['Owner or Contributor']],
    ['the secret may not be made', { faults: [{ call: `^put ${secret}\\?`, ...forbidden }] }, ['Owner or Contributor']],
    ['roles may not be read', { faults: [{ call: '^get .*roleAssignments', ...forbidden }] }, ['Owner']],
    [
      'roles may not be given',
      { faults: [{ call: '^put .*roleAssignments', ...forbidden }] },
      ['User Access Administrator'],
    ],
    [
      'the secret was deleted',
      { deleted: [secret] },
      ['never purge', 'az keyvault secret recover --vault-name kv-prod'],
    ],
    [
      'the secret is disabled',
      { secrets: { [secret]: ['standing-value'] }, disabled: [secret] },
      ['disabled', 'enable'],
    ],
    [
      'the vault refuses, and repeats what was sent',
      { faults: [{ call: `^put ${secret}\\?`, reason: 'Bad Request', code: 'BadParameter', message: 'Not {{body}}' }] },
      ['BadParameter', '(hidden)'],
    ],
    ['Azure says something else', { faults: [{ call: 'resource list', says: 'ERROR: Oh no.' }] }, ['Oh no.']],
  ]
  const faultOf = ([what, more]: (typeof lasting)[number]) =>
    what.startsWith('the vault refuses') ? what : Object.keys(more).join()

  test.each(someOf(lasting, faultOf))('%s', async (_fault, more, words) => {
    az.knows({ ...fresh, ...more })
    const ended = await run('kv-prod')
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    for (const word of words) expect(ended.stderr).toContain(word)
    expect(ended.stderr).not.toMatch(/\n {4}at /)
    expectHidden(ended)
  })

  test('Azure stays busy for too long', async () => {
    az.knows({ ...fresh, faults: [{ ...throttled, times: 99 }] })
    const ended = await run('kv-prod', '--patience', '0')
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('again later') })
    expectHidden(ended)
  })

  test('az is missing', async () => {
    const ended = await runScript('ledgerKey.mjs', ['kv-prod'], { env: { PATH: '/nowhere' } })
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('not installed') })
  })
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.each(someOf(['SIGTERM', 'SIGINT', 'SIGHUP'] as const))(
  'a run that %s ends leaves no file with the value',
  async (signal) => {
    az.knows({ ...fresh, faults: [{ call: `^put ${secret}\\?`, hangs: true }] })
    let written = ''
    const putting = () => az.calls().filter(({ file }) => file !== undefined)
    const endWhilePutting = async (child: ChildProcess) => {
      const [call] = await until(putting, (calls) => calls.length > 0)
      written = readFileSync(call?.file?.path ?? '', 'utf8')
      child.kill(signal)
    }
    const ended = await runScript('ledgerKey.mjs', ['kv-prod'], {
      env: az.env,
      started: (child) => void endWhilePutting(child),
    })
    expect(ended.code).toBe(128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal])
    expect(written).toContain('"value":"')
    expect(readdirSync(az.temporary)).toEqual([])
    await until(
      () => putting().some(({ pid }) => isRunning(pid)),
      (running) => !running,
    )
  },
)

describe('the command line', () => {
  test.each<[string, readonly string[], string]>([
    ['no vault', [], 'VAULT is missing'],
    ['two vaults', ['kv-prod', 'kv-test'], 'one vault'],
    ['an address for a name', ['https://kv-prod.vault.azure.net'], 'VAULT is malformed'],
    ['a name that is too short', ['kv'], 'VAULT is malformed'],
    ['an option that is none', ['kv-prod', '--force'], 'unknown option --force'],
    ['an identity that is no id', ['kv-prod', '--identity', 'app'], '--identity is malformed'],
    ['an identity without a value', ['kv-prod', '--identity'], '--identity is malformed'],
    ['a subscription that is no id', ['kv-prod', '--subscription', 'prod'], '--subscription is malformed'],
    ['a patience that is no number', ['kv-prod', '--patience', 'long'], '--patience is malformed'],
  ])('%s is refused by name, before anything is asked', async (_what, args, words) => {
    az.knows(fresh)
    expect(await run(...args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(words) })
    expect(az.calls()).toEqual([])
  })

  test('--help describes the program and changes nothing', async () => {
    az.knows(fresh)
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('ledger-key'), stderr: '' })
    expect(az.calls()).toEqual([])
  })
})

test('the program is plain Node: it runs before packages are installed', () => {
  const scripts = join(__dirname, '../../scripts')
  const imports = ['ledgerKey.mjs', 'az.mjs'].flatMap((file) =>
    [...readFileSync(join(scripts, file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, name = '']) => name),
  )
  expect(imports.filter((name) => !name.startsWith('node:') && name !== './az.mjs')).toEqual([])
})
