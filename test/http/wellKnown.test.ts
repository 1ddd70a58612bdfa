import { Problem } from '../../src/core/data/problem.ts'
import { wellKnownHandlers } from '../../src/http/wellKnown.ts'
import { served } from './served.ts'

const settings = {
  authority: 'https://login.microsoftonline.com/t/v2.0',
  clientId: '66666666-6666-4666-8666-666666666666',
  scope: '22222222-2222-4222-8222-222222222222/access_as_user',
  hosts: ['https://teams.microsoft.com'],
}

test('anyone learns how people sign in to the console', async () => {
  const parts = {
    health: () => Promise.reject(new Error()),
    signer: { keys: async () => [] },
    baseUrl: 'https://a.example',
  }
  const { consoleSettings } = wellKnownHandlers({ ...parts, console: settings })
  expect(await consoleSettings({} as Parameters<typeof consoleSettings>[0])).toEqual({ answer: settings })
})

test('a deployment without a console says which setting is missing', async () => {
  const { status, json } = await (await served()).call('consoleSettings', null)
  expect([status, json.code]).toEqual([new Problem('not-found', '').status, 'not-found'])
  expect(json.detail).toContain('COUNTERSIGN_CONSOLE_APP_ID')
})
