import { HttpRequest } from '@azure/functions'
import { agents, apiAppId, users } from '../../src/local/accounts.ts'
import { exportsOf } from '../../src/local/exports.ts'
import { naming, withIds } from '../../src/local/naming.ts'
import { localSettings, UsageError } from '../../src/local/settings.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { slackApp, slackEnv } from '../support/slackDouble.ts'
import type { Handler } from '../../src/http/boundary.ts'

test('dba-1 sits in the Teams client, or the person that --as names', () => {
  expect(localSettings({}, []).person).toBe('dba-1')
  for (const args of [
    ['--as', 'security-1'],
    ['--as=security-1', '--no-timers'],
  ])
    expect(localSettings({}, args).person).toBe('security-1')
})

test.each([
  ['a person that does not exist', ['--as', 'nobody'], /nobody.*security-1/],
  ['an account that may not sign in', ['--as', 'leaver'], /leaver/],
  ['an agent', ['--as', 'deploy-bot'], /deploy-bot/],
  ['no name', ['--as'], /--as/],
  ['no Teams client', ['--as', 'owner', '--no-playground'], /--no-playground/],
  ['another option', ['--sit'], /--sit/],
])('%s is refused by name', (_what, args, words) => {
  expect(() => localSettings({}, args)).toThrow(UsageError)
  expect(() => localSettings({}, args)).toThrow(words)
})

const connection =
  'AccountName=one;AccountKey=a2V5==;TableEndpoint=http://127.0.0.1:1/one;BlobEndpoint=http://127.0.0.1:2/one'

test('a storage that runs already is used by its connection string, and needs no ports', () => {
  const { storage, ports } = localSettings({ COUNTERSIGN_STORAGE: connection }, [])
  const [tablesUrl, blobsUrl] = ['http://127.0.0.1:1/one', 'http://127.0.0.1:2/one']
  expect(storage).toEqual({ account: 'one', key: 'a2V5==', tablesUrl, blobsUrl })
  expect([ports.blobs.port, ports.queues.port, ports.tables.port]).toEqual([0, 0, 0])
  expect(localSettings({}, [])).not.toHaveProperty('storage')
})

test.each([
  ['in the cloud', connection.replace('http://127.0.0.1:1/one', 'https://one.table.core.windows.net')],
  ['of another machine for blobs', connection.replace('127.0.0.1:2', 'storage.example')],
  ['without a key', connection.replace('a2V5==', '')],
  ['without an account', connection.replace('AccountName', 'Account')],
  ['without an endpoint', connection.replace(/;Blob.*/, '')],
  ['that is no connection string', 'http://127.0.0.1:1/one'],
])('a storage %s is refused by name', (_what, text) => {
  const start = () => localSettings({ COUNTERSIGN_STORAGE: text }, [])
  expect(start).toThrow(UsageError)
  expect(start).toThrow(/^COUNTERSIGN_STORAGE .*AccountName/)
})

test('Slack is there with the address of its API and the settings of the app, and none is left out', () => {
  const env = slackEnv('http://127.0.0.1:1')
  expect(localSettings(env, []).slack).toEqual({ settings: slackApp, url: 'http://127.0.0.1:1' })
  const { COUNTERSIGN_SLACK_API: _api, ...others } = env
  expect(localSettings(others, [])).not.toHaveProperty('slack')
  for (const name of Object.keys(others)) {
    const start = () => localSettings({ ...env, [name]: '' }, [])
    expect(start).toThrow(UsageError)
    expect(start).toThrow(`The setting ${name} is missing`)
  }
  expect(() => localSettings({ COUNTERSIGN_SLACK_API: 'http://127.0.0.1:1' }, [])).toThrow(
    /COUNTERSIGN_SLACK_API takes/,
  )
})

const [agent] = agents
const stack = { api: 'http://127.0.0.1:1', identity: 'http://127.0.0.1:2' }

test('the settings are written as each shell sets a variable, and a quotation mark ends none', () => {
  if (agent === undefined) throw new Error('There is no agent.')
  const lines = (shell: 'sh' | 'powershell') => exportsOf(stack, { agent, data: "/tmp/o'brien", shell }).split('\n')
  expect(lines('sh')).toContain(`export COUNTERSIGN_SCOPE='${apiAppId}/.default'`)
  expect(lines('sh')).toContain(`export COUNTERSIGN_DATA='/tmp/o'\\''brien'`)
  expect(lines('powershell')).toContain(`$env:COUNTERSIGN_DATA = '/tmp/o''brien'`)
  expect(lines('sh').at(-1)).toMatch(/^export PATH='.*bin':"\$PATH"$/)
})

test.each([...users, ...agents].map(({ name, oid }) => [name, oid]))(
  'a call that has the name %s where an id belongs is told the id, and no other text is repeated',
  async (name, oid) => {
    const refusal = new Problem('invalid-input', '/onBehalfOf is a GUID.', { pointer: '/onBehalfOf' })
    const handler: Handler = async () => ({ caller: null, answer: Promise.reject(refusal) }) as never
    const told = async (onBehalfOf: string, inQuery = false) => {
      const url = `http://127.0.0.1/api/requests${inQuery ? `?onBehalfOf=${onBehalfOf}` : ''}`
      const body = { string: JSON.stringify({ onBehalfOf }) }
      const req = new HttpRequest({ url, method: inQuery ? 'GET' : 'POST', ...(!inQuery && { body }) })
      return (await naming(handler)(req)).answer.catch((cause: Error) => cause.message)
    }
    expect(await told(name)).toBe(`/onBehalfOf is a GUID. ${name} is ${oid}.`)
    expect(await told(name, true)).toBe(`/onBehalfOf is a GUID. ${name} is ${oid}.`)
    expect(await told('somebody')).toBe('/onBehalfOf is a GUID.')
  },
)

test('a refusal of a policy that has a name where an id belongs is told the id', () => {
  const [{ name, oid } = { name: '', oid: '' }] = users
  expect(withIds(`approvers.json: "${name}" is not an object id.`)).toContain(`${name} is ${oid}.`)
  expect(withIds('approvers.json: "somebody" is not an object id.')).not.toContain(oid)
})
