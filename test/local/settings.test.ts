import { HttpRequest } from '@azure/functions'
import { agents, apiAppId, users } from '../../src/local/accounts.ts'
import { exportsOf } from '../../src/local/exports.ts'
import { naming, withIds } from '../../src/local/naming.ts'
import { localSettings, UsageError } from '../../src/local/settings.ts'
import { Problem } from '../../src/core/data/problem.ts'
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
