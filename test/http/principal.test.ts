import { HttpRequest } from '@azure/functions'
import type { ObjectId } from '../../src/core/data/id.ts'
import type { Caller } from '../../src/http/caller.ts'
import { principals } from '../../src/http/principal.ts'
import { bot, dba, oid } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { agent, codeOf, roster } from '../support/world.ts'

const appId = oid(91)
const policy = fakePolicy(roster({ agents: [agent(bot, { appId })] }))

const app = (id: ObjectId, other: Partial<Caller & { kind: 'agent' }> = {}): Caller => ({
  ...{ kind: 'agent', id, appId, roles: ['Actions.Request'] },
  ...other,
})
const person: Caller = { kind: 'person', id: dba, name: 'Dana', roles: ['Evidence.Read'], client: oid(62) }

const of = (caller: Caller) => principals(async () => caller, policy)
const call = () => ({ req: new HttpRequest({ url: 'https://a.example/', method: 'GET' }) })

test('an agent has its role, and is registered with its application', async () => {
  expect(await of(app(bot)).agent(call(), 'Actions.Request')).toMatchObject({ id: bot, roles: ['Actions.Request'] })
  expect(await of(app(bot)).either(call(), 'Grants.Redeem', 'Actions.Request')).toMatchObject({ kind: 'agent' })
})

test.each([
  ['no role', []],
  ['another role', ['Grants.Redeem']],
  ['a role in other letters', ['actions.request']],
])('a registered agent without the role of a route is refused: %s', async (_what, roles) => {
  const who = of(app(bot, { roles }))
  expect(await codeOf(who.agent(call(), 'Actions.Request'))).toBe('not-permitted')
  expect(await codeOf(who.either(call(), 'Actions.Request'))).toBe('not-permitted')
})

test.each([
  ['nobody registered it', app(oid(98))],
  ['it is another application than the registered one', app(bot, { appId: oid(92) })],
  ['it is a person', person],
])('an app with the role is no agent: %s', async (_why, caller) => {
  expect(await codeOf(of(caller).agent(call(), 'Actions.Request'))).toBe('not-permitted')
})

test.each([
  ['an agent, also one with the role', app(bot, { roles: ['Evidence.Read'] }), 'Evidence.Read'],
  ['somebody without the role', person, 'Evidence.Erase'],
] as const)('what is for people of a role is not for %s', async (_whom, caller, role) => {
  expect(await codeOf(of(caller).person(call(), role))).toBe('not-permitted')
  expect(await of(person).person(call(), 'Evidence.Read')).toMatchObject({ id: dba })
})

test('who calls is known to the log before anything is refused', async () => {
  const refused = { ...call(), who: undefined as unknown }
  await codeOf(of(app(oid(98))).agent(refused as ReturnType<typeof call>, 'Actions.Request'))
  expect(refused.who).toEqual({ kind: 'agent', id: oid(98) })
})
