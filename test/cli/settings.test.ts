import { Exit } from '../../src/cli/exit.ts'
import { parseOptions } from '../../src/cli/options.ts'
import { readLoginSettings } from '../../src/cli/settings.ts'

const tenant = '11111111-1111-4111-8111-11111111AAAA'
const env = {
  ...{ COUNTERSIGN_TENANT: tenant, COUNTERSIGN_LOGIN_CLIENT: 'client' },
  COUNTERSIGN_SCOPE: '22222222-2222-4222-8222-222222222222/.default',
}

const read = (more: Readonly<Record<string, string>> = {}) =>
  readLoginSettings(parseOptions(['login']), { ...env, ...more })

test.each([
  [undefined, 'https://login.microsoftonline.com'],
  ['', 'https://login.microsoftonline.com'],
  ['public', 'https://login.microsoftonline.com'],
  ['gcc-high', 'https://login.microsoftonline.us'],
  ['dod', 'https://login.microsoftonline.us'],
])('people sign in to their tenant in the cloud %s', (cloud, login) => {
  const { issuer, scope } = read(cloud === undefined ? {} : { COUNTERSIGN_CLOUD: cloud })
  expect(issuer.href).toBe(`${login}/${tenant.toLowerCase()}/v2.0`)
  expect(scope).toBe('22222222-2222-4222-8222-222222222222/access_as_user')
})

test('a cloud that does not exist is refused by name', () => {
  expect(() => read({ COUNTERSIGN_CLOUD: 'moon' })).toThrow(Exit)
  expect(() => read({ COUNTERSIGN_CLOUD: 'moon' })).toThrow(/COUNTERSIGN_CLOUD is public, gcc-high, dod/)
})
