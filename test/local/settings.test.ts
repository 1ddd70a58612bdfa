import { agents, apiAppId, users } from '../../src/local/accounts.ts'
import { exportsOf } from '../../src/local/exports.ts'
import { withIds } from '../../src/local/naming.ts'
import { localSettings, UsageError } from '../../src/local/settings.ts'
import { askBody } from '../../src/contract/bodies.ts'

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
  'a call that has the name %s where an id belongs is told the id',
  (name, oid) => {
    const body = { action: 'a', target: 'x', environment: 'prod', reason: 'why', onBehalfOf: name }
    const [issue] = askBody.safeParse(body).error?.issues ?? []
    expect(withIds(`/onBehalfOf ${issue?.message}.`)).toContain(`${name} is ${oid}.`)
    expect(withIds('/params is required.')).not.toContain(oid)
  },
)
