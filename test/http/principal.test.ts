import type { CallerRule } from '../../src/contract/operation.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Caller } from '../../src/http/caller.ts'
import type { ClientNames } from '../../src/http/clients.ts'
import { admit } from '../../src/http/principal.ts'
import { bot, code, dba, oid, tool, tools } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { agent, roster } from '../support/world.ts'

const appId = oid(91)
const policy = fakePolicy(roster({ agents: [agent(bot, { appId })] }))

const app = (id: ObjectId, other: Partial<Caller & { kind: 'agent' }> = {}): Caller => ({
  ...{ kind: 'agent', id, appId, roles: ['Actions.Request'] },
  ...other,
})
const person = {
  ...({ kind: 'person', id: dba, name: 'Dana', roles: ['Evidence.Read'] } as const),
  ...{ client: tool, agentic: false, contexts: [] },
}

type Rule = Exclude<CallerRule, { kind: 'anyone' }>
const asking: Rule = { kind: 'agent', roles: ['Actions.Request'] }
const reading: Rule = { kind: 'either', roles: ['Actions.Request'] }

const admitted = (rule: Rule, caller: Caller, clients: ClientNames = tools) => admit(rule, caller, { policy, clients })

test('an agent needs a role and a registration with its application', () => {
  expect(admitted(asking, app(bot))).toMatchObject({ kind: 'agent', id: bot, roles: ['Actions.Request'] })
  const rule: Rule = { kind: 'either', roles: ['Grants.Redeem', 'Actions.Request'] }
  expect(admitted(rule, app(bot))).toMatchObject({ kind: 'agent' })
})

test.each([
  ['no role', []],
  ['another role', ['Grants.Redeem']],
  ['a role in other letters', ['actions.request']],
])('a registered agent without the role of a route is refused: %s', (_what, roles) => {
  const caller = app(bot, { roles })
  expect(code(() => admitted(asking, caller))).toBe('not-permitted')
  expect(code(() => admitted(reading, caller))).toBe('not-permitted')
})

test('an agent that stands for GitHub calls nothing itself', () => {
  const gitHubs = [{ agent: bot, installation: 77, repositories: [] }]
  const standing = fakePolicy(roster({ agents: [agent(bot, { appId })], gitHubs }))
  for (const rule of [asking, reading])
    expect(code(() => admit(rule, app(bot), { policy: standing, clients: tools }))).toBe('not-permitted')
})

test.each([
  ['it is not registered', app(oid(98))],
  ['it is another application than the registered one', app(bot, { appId: oid(92) })],
  ['it is a person', person],
])('an app with the role is not an agent: %s', (_why, caller) => {
  expect(code(() => admitted(asking, caller))).toBe('not-permitted')
})

test.each([
  ['an agent, also one with the role', app(bot, { roles: ['Evidence.Read'] }), 'Evidence.Read'],
  ['a person without the role', person, 'Evidence.Erase'],
] as const)('an operation for people with a role refuses %s', (_whom, caller, role) => {
  expect(code(() => admitted({ kind: 'person', role }, caller))).toBe('not-permitted')
  expect(admitted({ kind: 'person', role: 'Evidence.Read' }, person)).toMatchObject({ id: dba })
})

test('a person needs an application that the settings name, and acts under that name', () => {
  expect(admitted({ kind: 'person' }, person)).toEqual({
    ...{ kind: 'person', id: dba, name: 'Dana', roles: ['Evidence.Read'], contexts: [] },
    ...{ client: tool, via: 'cli' },
  })
  expect(admitted(reading, person)).toMatchObject({ kind: 'person', via: 'cli' })
})

test.each<[string, Partial<typeof person>, ClientNames, RegExp]>([
  ['another application', { client: oid(82) }, tools, /COUNTERSIGN_CLIENTS/],
  ['the application of an agent', { client: appId }, tools, /COUNTERSIGN_CLIENTS/],
  ['the application of an agent, which the settings name too', { client: appId }, new Map([[appId, 'cli']]), /agent/],
  ['an agent in the middle', { agentic: true }, tools, /agent/],
  ['any application, as no setting names one', {}, new Map(), /COUNTERSIGN_CLIENTS is missing/],
])("a person's token counts for nothing through %s", (_through, held, clients, words) => {
  for (const rule of [{ kind: 'person' }, { kind: 'person', role: 'Evidence.Read' }, reading] as const)
    expect(problemOf(() => admitted(rule, { ...person, ...held }, clients))).toEqual([
      'not-permitted',
      expect.stringMatching(words),
    ])
})

test('agents need no application that people use', () => {
  expect(admitted(asking, app(bot), new Map())).toMatchObject({ id: bot })
})

function problemOf(work: () => unknown): readonly [string, string] {
  try {
    work()
  } catch (cause) {
    if (cause instanceof Problem) return [cause.code, cause.message]
    throw cause
  }
  throw new Error('There was no problem.')
}
