import { type Adapters, compose } from '../../src/app.ts'
import { checkClients, checkDoors, parseClients } from '../../src/http/clients.ts'
import { Alarms } from '../../src/runtime/alarms.ts'
import { bot, oid, tool } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { agent, asks, roster } from '../support/world.ts'
import { served } from './served.ts'

const [cli, console] = [oid(81), oid(82)]

test.each([
  [`cli=${cli}`, [[cli, 'cli']]],
  [
    `cli=${cli},console=${console}`,
    [
      [cli, 'cli'],
      [console, 'console'],
    ],
  ],
  [
    `  cli = ${cli.toUpperCase()} ,\n console=${console}`,
    [
      [cli, 'cli'],
      [console, 'console'],
    ],
  ],
])('%j names applications', (text, expected) => {
  expect([...(parseClients(text) ?? [])]).toEqual(expected)
})

test.each([
  ['nothing', ''],
  ['an id alone', cli],
  ['a name alone', 'cli'],
  ['no id', 'cli='],
  ['a malformed id', 'cli=root'],
  ['a name of one letter', `c=${cli}`],
  ['a name of thirteen letters', `${'c'.repeat(13)}=${cli}`],
  ['a capital', `Cli=${cli}`],
  ['a digit', `cli2=${cli}`],
  ['the name of another door', `teams=${cli}`],
  ['the name of a door to come', `slack=${cli}`],
  ['a name twice', `cli=${cli},cli=${console}`],
  ['an id twice', `cli=${cli},console=${cli}`],
  ['an id twice, in other letters', `cli=${cli},console=${cli.toUpperCase()}`],
  ['a comma at its end', `cli=${cli},`],
  ['a semicolon', `cli=${cli};console=${console}`],
])('a setting with %s is malformed', (_what, text) => {
  expect(parseClients(text)).toBeNull()
})

test("an agent's application among those for people stops the start by name", () => {
  const policy = { agents: () => [agent(bot, { appId: cli, name: 'deploy-bot' })] }
  expect(() => checkClients(new Map([[console, 'console']]), policy)).not.toThrow()
  expect(() => checkClients(new Map([[cli, 'cli']]), policy)).toThrow(
    new RegExp(`COUNTERSIGN_CLIENTS.*cli=${cli}.*deploy-bot`),
  )
})

test('a rule with a door that does not exist stops the start by name', () => {
  const clients = new Map([[console, 'console']])
  const policyOf = (...via: readonly string[]) => fakePolicy(roster({ doors: [{ rule: 'export-needs-dba', via }] }))
  expect(() => checkDoors(clients, policyOf('teams', 'console'))).not.toThrow()
  expect(() => checkDoors(clients, policyOf('teams', 'consol'))).toThrow(/export-needs-dba.*"consol".*teams, console/)
  expect(() => checkDoors(new Map(), policyOf('console'))).toThrow(/COUNTERSIGN_CLIENTS/)
  expect(() => checkDoors(clients, policyOf('slack'))).toThrow(/"slack".*there are: teams, console/)
  expect(() => checkDoors(clients, policyOf('slack'), { slack: true })).not.toThrow()
  const adapters = { alarms: new Alarms(() => {}), clients, policy: policyOf('cli') }
  expect(() => compose(adapters as unknown as Adapters)).toThrow(/"cli"/)
})

test("votes and revocations record the person's application and its name", async () => {
  const here = await served()
  const { id, digest } = (await here.approvals.ask(asks())).request
  const params = { id }
  const { status } = await here.call('decide', 'approver', { params, body: { verdict: 'approve', digest } })
  expect(status).toBe(200)
  expect((await here.call('revoke', 'approver', { params, body: {} })).status).toBe(200)
  const { text } = await here.call('events', 'Evidence.Read', { params })
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; data: object })
  expect(events.find(({ type }) => type === 'decided')?.data).toMatchObject({ via: 'cli', client: tool })
  expect(events.find(({ type }) => type === 'revoked')?.data).toMatchObject({ client: tool })
})
