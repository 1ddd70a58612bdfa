import { accounts } from '../../src/local/naming.ts'
import { users } from '../../src/local/accounts.ts'
import { welcome } from '../../src/local/welcome.ts'
import { digestOf, parseObjectId } from '../../src/core/data/id.ts'
import type { Playground } from '../../src/local/playground.ts'
import { fakePolicy } from '../support/fakes.ts'

const [member = users[0]] = users
const policyOf = (channels: readonly string[]) =>
  fakePolicy({
    version: digestOf('policy'),
    agents: [],
    groups: [{ name: 'dba', members: [parseObjectId(member?.oid ?? '')], channels }],
    people: [],
    judge: () => ({ outcome: 'no-policy', rules: [] }),
  })

const said = (playground: Pick<Playground, 'url' | 'person'> | null, policy = policyOf([])) =>
  welcome({
    ...{ api: 'http://127.0.0.1:7071', data: '.local', moved: null, policy, rules: 'policy' },
    identity: { origin: 'http://127.0.0.1:7072' } as Parameters<typeof welcome>[0]['identity'],
    azurite: { tablesUrl: 'http://127.0.0.1:10002' } as Parameters<typeof welcome>[0]['azurite'],
    playground: playground as Playground | null,
  })

test('the start text has the object id of each account, and who may approve', () => {
  for (const { name, oid } of accounts) expect(said(null)).toMatch(new RegExp(`^  ${name} +${oid}$`, 'm'))
  expect(said(null)).toMatch(new RegExp(`^  dba +${member?.name}$`, 'm'))
})

test('with the Teams client it says to open that page first, what to type after a reload, and how to be another person', () => {
  const text = said({ url: 'http://127.0.0.1:7073', person: 'dba-1' })
  expect(text).toContain('Open this page first, to sit as dba-1: http://127.0.0.1:7073')
  expect(text).toContain('after a reload type `pending`')
  expect(text).toContain('npm start -- --as security-1')
  expect(text).toContain('eval "$(npm run --silent local -- env)"')
})

test('it says which groups are told of nothing, and which channels get nothing on this machine', () => {
  expect(said(null)).toContain('dba has no channel: its members are told of no request.')
  expect(said(null)).not.toContain('get nothing')
  expect(said(null, policyOf(['slack:T0123/C0123']))).toContain(
    'Channels of the kind slack get nothing on this machine.',
  )
})
