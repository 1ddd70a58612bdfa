import type { ObjectId } from '../../src/core/data/id.ts'
import type { Json, JsonObject } from '../../src/core/data/json.ts'
import { BadPolicy } from '../../src/policy/flaw.ts'
import { readRoster, type Roster } from '../../src/policy/approvers.ts'
import { approvers, deployBot, load, otherBot, person } from './folder.ts'

const read = (text: string): Roster => readRoster(new TextEncoder().encode(text), text)

function flawsIn(text: string): BadPolicy['flaws'] {
  try {
    read(text)
  } catch (error) {
    if (error instanceof BadPolicy) return error.flaws
    throw error
  }
  return []
}

const app = (n: number) => `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const bot = { name: 'deploy-bot', appId: app(1), owners: [person(3)] }
const registered = (onBehalfOf: Json): JsonObject => ({ agents: { [deployBot]: { ...bot, onBehalfOf } } })
const people = (numbers: readonly number[]): ObjectId[] => numbers.map(person)
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

test('the example names the accounts of the local stack', async () => {
  const policy = await load()
  expect(policy.agents().map(({ id, name, executors, owners }) => ({ id, name, executors, owners }))).toEqual([
    { id: deployBot, name: 'deploy-bot', executors: [otherBot], owners: [person(5)] },
    { id: otherBot, name: 'other-bot', executors: [], owners: [person(4)] },
  ])
  expect(policy.groups().map(({ name }) => name)).toEqual(['dba', 'security', 'oncall'])
  expect(policy.group('dba')).toMatchObject({ name: 'dba', members: people([1, 2, 5, 7]) })
  expect(policy.group('toString')).toBeNull()
  expect(policy.agent(person(1))).toBeNull()
})

test('omitted members have defaults', () => {
  expect(read(approvers()).agent(deployBot)).toEqual({
    id: deployBot,
    name: 'deploy-bot',
    appId: person(90),
    owners: [person(3)],
    sponsors: [],
    executors: [],
    onBehalfOf: 'refused',
    answers: 'owners',
    narrowing: false,
    limits: { pending: 5, hourly: 60, answered: 600 },
  })
  expect(read(approvers()).group('dba')).toEqual({ name: 'dba', members: people([1, 2, 4, 5]), channels: [] })
})

test('a group may have members here and in Entra', () => {
  const groups = { both: { members: [person(1)], entraGroup: app(5), channels: ['19:abc@thread.tacv2'] } }
  expect(read(approvers({ groups })).group('both')).toEqual({ name: 'both', ...groups.both })
})

describe('deputies of a group', () => {
  const listed = (deputies: readonly string[], more: JsonObject = {}) =>
    approvers({ groups: { dba: { members: [person(1)], deputies, ...more } } })

  test('are people of the tenant, up to eight', () => {
    expect(read(listed(people([2, 3]))).group('dba')?.deputies).toEqual(people([2, 3]))
    expect(read(listed(people([2, 3, 4, 5, 6, 7, 8, 9]))).group('dba')?.deputies).toHaveLength(8)
  })

  test.each<[string, string, RegExp]>([
    ['nine', listed(people([2, 3, 4, 5, 6, 7, 8, 9, 10])), /groups\.dba\.deputies: a group has at most 8 deputies/],
    ['one twice', listed(people([2, 2])), /the same entry twice/],
    ['an agent', listed([deployBot]), /groups\.dba\.deputies\.0: an agent is never a deputy/],
    ['a member', listed(people([1])), /groups\.dba\.deputies\.0: a member of the group needs to be no deputy of it/],
    ['a name', listed(['dba-2']), /groups\.dba\.deputies\.0/],
    ['a misspelt member', listed([], { deputys: [] }), /deputys/],
  ])('are refused: %s', (_what, text, reason) => {
    const [flaw] = flawsIn(text)
    expect(flaw).toMatchObject({ file: 'approvers.json', line: expect.any(Number) as number })
    expect(flaw?.reason).toMatch(reason)
  })

  test('are no other account of a member', () => {
    const joined = { [person(2)]: { sameAs: [person(1)] } }
    const groups = { dba: { members: [person(1)], deputies: [person(2)] } }
    expect(flawsIn(approvers({ groups, people: joined }))[0]?.reason).toMatch(/needs to be no deputy/)
  })
})

test('compliance has one channel or none', () => {
  const channel = '19:compliance@thread.tacv2'
  expect(read(approvers({ compliance: { channel } })).complianceChannel()).toBe(channel)
  expect(read(approvers()).complianceChannel()).toBeNull()
})

describe('a channel', () => {
  const bare = '19:abc@thread.tacv2'
  const channelsOf = (...channels: string[]) =>
    read(approvers({ groups: { a: { members: [person(1)], channels } } })).group('a')?.channels

  test('is one of Teams, with or without its kind', () => {
    expect(channelsOf(`teams:${bare}`)).toEqual([bare])
    expect(channelsOf(bare)).toEqual([bare])
    const compliance = { channel: `teams:${bare}` }
    expect(read(approvers({ compliance })).complianceChannel()).toBe(bare)
  })

  test('is one of Slack, with its workspace', () => {
    expect(channelsOf('slack:T0123456789/C0123456789', 'slack:T0123456789/G0123456789')).toEqual([
      'slack:T0123456789/C0123456789',
      'slack:T0123456789/G0123456789',
    ])
  })

  test('is named once, even if it is written in two ways', () => {
    const groups = { a: { members: [person(1)], channels: [bare, `teams:${bare}`] } }
    expect(flawsIn(approvers({ groups }))).toMatchObject([{ reason: 'groups.a.channels: the same entry twice' }])
  })

  test.each([
    [
      'of a kind that does not exist',
      'irc:T1/C1',
      /no channels of the kind "irc"; write teams:19:…@thread\.tacv2 or slack:T…/,
    ],
    ['of Slack, without its workspace', 'slack:C0123456789', /written as T…\/C…/],
    ['of Slack, of one person', 'slack:T0123456789/D0123456789', /written as T…\/C…/],
    ['of Slack, by its name', 'slack:T0123456789/#approvals', /written as T…\/C…/],
    ['of a kind, and no id of it', 'teams:general', /written as 19:…@thread\.tacv2/],
    ['of a kind twice', `teams:teams:${bare}`, /written as 19:…@thread\.tacv2/],
    ['of a kind in upper case', `Teams:${bare}`, /written as 19:…@thread\.tacv2/],
    ['of a kind that every object has', `constructor:${bare}`, /no channels of the kind "constructor"/],
  ])('is refused with its line: %s', (_what, channel, reason) => {
    const text = `{"version": 1, "groups": {\n"a": {"members": ["${person(1)}"], "channels": [\n"${channel}"]}}, "agents": {}}`
    expect(flawsIn(text)).toMatchObject([{ file: 'approvers.json', line: 3 }])
    expect(flawsIn(text)[0]?.reason).toMatch(reason)
  })
})

describe('an account of Slack', () => {
  const slacked = (...pairs: [number, string[]][]) =>
    approvers({ people: Object.fromEntries(pairs.map(([id, slack]) => [person(id), { slack }])) })

  test('names a person, who may have several', () => {
    const roster = read(slacked([1, ['T0123456789/U0000000001', 'T0123456789/W0000000001']], [2, ['T0123456789/U22']]))
    expect(roster.personInSlack('T0123456789/W0000000001')).toBe(person(1))
    expect(roster.personInSlack('T0123456789/U22')).toBe(person(2))
    for (const other of ['T99/U22', 'U22', '', 'T0123456789/U3', 'constructor'])
      expect(roster.personInSlack(other)).toBeNull()
    expect(roster.accounts(person(1))).toEqual([person(1)])
  })

  test('is of one person alone, also of two accounts that are joined', () => {
    const twice = /people\.\S+\.slack\.0: another account has this account of Slack/
    expect(flawsIn(slacked([1, ['T01/U11']], [2, ['T01/U11']]))[0]?.reason).toMatch(twice)
    const people = { [person(1)]: { sameAs: [person(2)], slack: ['T01/U11'] }, [person(2)]: { slack: ['T01/U11'] } }
    expect(flawsIn(approvers({ people }))[0]?.reason).toMatch(twice)
  })

  test.each(['U0123456789', 'T01/C0123456789', 'T01/u0123456789', 'dana@contoso.example', 'T01/U01/U02', 'T01/U01 '])(
    'is refused in another form: %s',
    (account) => {
      expect(flawsIn(slacked([1, [account]]))[0]?.reason).toContain('written as T…/U…')
    },
  )

  test.each<[string, Json]>([
    ['given twice to one person', { slack: ['T01/U11', 'T01/U11'] }],
    ['of an agent', { slack: ['T01/U11'] }],
    ['of a person without anything', {}],
  ])('is refused: %s', (what, entry) => {
    const id = what === 'of an agent' ? deployBot : person(1)
    expect(flawsIn(approvers({ people: { [id]: entry } }))).not.toEqual([])
  })
})

describe('pipelines', () => {
  const repository = { name: 'contoso/shop', environments: { production: 'production', 'Live (EU)': 'prod-eu' } }
  const github = { installation: 77, repositories: { '1296269': repository } }
  const project = { name: 'Shop', environments: { production: 'production' } }
  const azureDevOps = { organization: 'https://dev.azure.com/contoso', projects: { [person(90)]: project } }
  const withGitHub = (entry: Json, id: string = deployBot) => approvers({ github: { [id]: entry } })
  const withAzure = (entry: Json, id: string = deployBot) => approvers({ azureDevOps: { [id]: entry } })

  test('of GitHub are an agent’s: an installation, repositories by their numbers, and environments by their names', () => {
    const roster = read(withGitHub(github))
    expect(roster.gitHub(deployBot)).toEqual({
      ...{ agent: deployBot, installation: 77 },
      repositories: [
        {
          ...{ id: 1_296_269, name: 'contoso/shop' },
          environments: new Map([
            ['production', 'production'],
            ['Live (EU)', 'prod-eu'],
          ]),
        },
      ],
    })
    expect(roster.gitHub(otherBot)).toBeNull()
    expect(roster.gitHubs()).toHaveLength(1)
  })

  test('of Azure DevOps are an agent’s: an organization, projects by their ids, and environments by their names', () => {
    expect(read(withAzure(azureDevOps)).azureDevOps(deployBot)).toEqual({
      ...{ agent: deployBot, organization: 'https://dev.azure.com/contoso' },
      projects: [{ id: person(90), name: 'Shop', environments: new Map([['production', 'production']]) }],
    })
  })

  test('name people by their numbers and ids, each for one person', () => {
    const people = { [person(1)]: { github: [583_231] }, [person(2)]: { azureDevOps: [person(91)] } }
    const roster = read(approvers({ people }))
    expect([roster.personInGitHub(583_231), roster.personInGitHub(583_232)]).toEqual([person(1), null])
    expect([roster.personInAzureDevOps(person(91)), roster.personInAzureDevOps('')]).toEqual([person(2), null])
    const shared = { [person(1)]: { github: [1] }, [person(2)]: { github: [1] } }
    expect(flawsIn(approvers({ people: shared }))[0]?.reason).toMatch(
      /github\.0: another account has this account of GitHub/,
    )
  })

  test.each<[string, JsonObject | string, RegExp]>([
    ['a misspelt member', withGitHub({ ...github, repository: {} }), /repository/],
    ['no installation', withGitHub({ repositories: github.repositories }), /installation/],
    ['an installation that is no number', withGitHub({ ...github, installation: '77' }), /installation/],
    ['no repository', withGitHub({ ...github, repositories: {} }), /at least one repository/],
    ['a repository by its name', withGitHub({ ...github, repositories: { shop: repository } }), /named by its number/],
    [
      'a name without an owner',
      withGitHub({ ...github, repositories: { '1': { ...repository, name: 'shop' } } }),
      /owner\/name/,
    ],
    [
      'no environment',
      withGitHub({ ...github, repositories: { '1': { ...repository, environments: {} } } }),
      /at least one environment/,
    ],
    [
      'an environment in upper case',
      withGitHub({ ...github, repositories: { '1': { ...repository, environments: { production: 'Production' } } } }),
      /small letters/,
    ],
    ['an agent that is not registered', withGitHub(github, person(80)), /registered under agents/],
    [
      'an organization elsewhere',
      withAzure({ ...azureDevOps, organization: 'https://evil.example/contoso' }),
      /dev\.azure\.com/,
    ],
    [
      'an organization with a slash',
      withAzure({ ...azureDevOps, organization: `${azureDevOps.organization}/` }),
      /slash/,
    ],
    ['a project by its name', withAzure({ ...azureDevOps, projects: { Shop: project } }), /GUID/],
    [
      'an agent of both',
      approvers({ github: { [deployBot]: github }, azureDevOps: { [deployBot]: azureDevOps } }),
      /stands for GitHub/,
    ],
    ['a number of a person as text', approvers({ people: { [person(1)]: { github: ['583231'] } } }), /github/],
  ])('are refused: %s', (_what, given, reason) => {
    expect(
      flawsIn(given as never)
        .map((flaw) => flaw.reason)
        .join(),
    ).toMatch(reason)
  })
})

const same = (...pairs: [number, number[]][]) =>
  read(approvers({ people: Object.fromEntries(pairs.map(([id, sameAs]) => [person(id), { sameAs: people(sameAs) }])) }))

describe('accounts of one person', () => {
  test.each<[string, Roster, number, number[]]>([
    ['an account that no person lists', same(), 11, [11]],
    ['the one that lists', same([12, [11]]), 12, [11, 12]],
    ['the one that is listed', same([12, [11]]), 11, [11, 12]],
    ['over two steps', same([12, [11]], [13, [12]]), 11, [11, 12, 13]],
    ['through a common third', same([11, [13]], [12, [13]]), 12, [11, 12, 13]],
    ['joined late', same([11, [12]], [13, [14]], [14, [12]]), 11, [11, 12, 13, 14]],
    ['itself', same([11, [11]]), 11, [11]],
  ])('%s', (_what, roster, id, expected) => {
    expect(roster.accounts(person(id))).toEqual(people(expected))
  })
})

test.each<[string, string, number]>([
  ['a doubled key', '{\n"version": 1,\n"version": 1}', 3],
  ['no JSON', '{\n\n}x', 3],
  ['another version', '{"groups": {}, "agents": {},\n"version": 2}', 2],
  ['a member that is not known', '{"version": 1, "groups": {}, "agents": {},\n\n"people": {},\n"admins": []}', 4],
  [
    'an id in upper case',
    `{"version": 1, "groups": {\n"a": {"members": [\n"C0000000-0000-4000-8000-000000000001"]}}, "agents": {}}`,
    3,
  ],
  ['an agent that is named by no id', `{"version": 1, "groups": {}, "agents": {\n"deploy-bot": {}}}`, 2],
])('approvers.json is refused with its line: %s', (_what, text, line) => {
  expect(flawsIn(text)[0]).toMatchObject({ file: 'approvers.json', line })
})

test.each<[string, JsonObject]>([
  ['an empty group', { groups: { a: { members: [] } } }],
  ['a group of 33 characters', { groups: { ['x'.repeat(33)]: { members: [person(1)] } } }],
  ['a group with a bar', { groups: { 'a|b': { members: [person(1)] } } }],
  ['a member twice', { groups: { a: { members: people([1, 1]) } } }],
  ['a malformed channel', { groups: { a: { members: people([1]), channels: ['general'] } } }],
  ['an agent as approver', { groups: { a: { members: [deployBot] } } }],
  ['an agent as person', { people: { [deployBot]: { sameAs: [person(1)] } } }],
  ['an agent as account', { people: { [person(1)]: { sameAs: [deployBot] } } }],
  ['an agent as owner', { agents: { [deployBot]: { ...bot, owners: [deployBot] } } }],
  ['an agent without owner or sponsor', { agents: { [deployBot]: { ...bot, owners: [] } } }],
  ['an executor that is not registered', { agents: { [deployBot]: { ...bot, executors: [otherBot] } } }],
  ['two agents with one application', { agents: { [deployBot]: bot, [otherBot]: { ...bot, name: 'other' } } }],
  ['two agents with one name', { agents: { [deployBot]: bot, [otherBot]: { ...bot, appId: app(2) } } }],
  ['no pending requests at all', { agents: { [deployBot]: { ...bot, limits: { pending: 0 } } } }],
  ['no asks at all', { agents: { [deployBot]: { ...bot, limits: { hourly: 0 } } } }],
  ['narrowing that is no truth', { agents: { [deployBot]: { ...bot, narrowing: 'yes' } } }],
  ['no answers of policy at all', { agents: { [deployBot]: { ...bot, limits: { answered: 0 } } } }],
  ['more answers of policy than may be', { agents: { [deployBot]: { ...bot, limits: { answered: 100_001 } } } }],
  ['more asks in an hour than people could look at', { agents: { [deployBot]: { ...bot, limits: { hourly: 601 } } } }],
  ['an agent as the person it acts for', registered({ optional: [deployBot] })],
  ['a list of nobody', registered({ optional: [] })],
  ['a list with somebody twice', registered({ required: people([1, 1]) })],
  ['a list of those who are refused', registered({ refused: people([1]) })],
  ['two lists', registered({ optional: people([1]), required: people([2]) })],
  ['an unknown answer', { agents: { [deployBot]: { ...bot, onBehalfOf: 'maybe' } } }],
  ['9 accounts of a person', { people: { [person(1)]: { sameAs: people(range(11, 8)) } } }],
])('approvers.json is refused: %s', (_what, changes) => {
  expect(flawsIn(approvers(changes))).not.toEqual([])
})

describe('whom an agent may act for', () => {
  const registration = (onBehalfOf: Json) => read(approvers(registered(onBehalfOf))).agent(deployBot)

  test.each(['required', 'optional', 'refused'])('is said in one word: %s', (rule) => {
    expect(registration(rule)).toMatchObject({ onBehalfOf: rule })
    expect(registration(rule)).not.toHaveProperty('principals')
  })

  test.each(['required', 'optional'])('is listed: %s', (rule) => {
    expect(registration({ [rule]: people([1, 2]) })).toMatchObject({ onBehalfOf: rule, principals: people([1, 2]) })
  })

  test.each<[string, string, RegExp]>([
    [
      'a word that is none of them',
      '"anybody"',
      /onBehalfOf: it is "refused", "optional" or "required", or lists whom/,
    ],
    ['an id in upper case', `{ "optional": ["${person(1).toUpperCase()}"] }`, /in lower case/],
    ['an agent', `{ "optional": ["${deployBot}"] }`, /onBehalfOf\.optional\.0: an agent acts for people/],
  ])('is refused with its line and what to write: %s', (_what, given, reason) => {
    const text = approvers(registered('X')).replace('"onBehalfOf":"X"', `\n"onBehalfOf":${given}`)
    expect(flawsIn(text)).toMatchObject([{ file: 'approvers.json', line: 2, reason: expect.stringMatching(reason) }])
  })
})

describe('at most 24 accounts can be excluded', () => {
  const owned = (owners: readonly number[], rest: JsonObject = {}) => ({
    agents: { [deployBot]: { ...bot, owners: people(owners), onBehalfOf: 'optional', ...rest } },
  })
  const second = (owners: readonly number[]) => ({
    [otherBot]: { name: 'other', appId: app(2), owners: people(owners) },
  })

  test.each<[string, JsonObject, boolean]>([
    ['23 owners and the person it asks for', owned(range(1, 23)), true],
    ['24 owners and the person it asks for', owned(range(1, 24)), false],
    ['24 owners, and no principal', owned(range(1, 24), { onBehalfOf: 'refused' }), true],
    ['25 owners and sponsors', owned(range(1, 20), { sponsors: people(range(21, 5)), onBehalfOf: 'refused' }), false],
    [
      'owners with all their accounts',
      { ...owned(range(1, 20)), people: { [person(1)]: { sameAs: people(range(31, 4)) } } },
      false,
    ],
    [
      'a person with many accounts whom its registration does not list',
      {
        ...owned(range(1, 23), { onBehalfOf: { optional: [person(60)] } }),
        people: { [person(50)]: { sameAs: people(range(51, 7)) } },
      },
      true,
    ],
    [
      'a person with many accounts whom its registration lists',
      {
        ...owned(range(1, 17), { onBehalfOf: { required: [person(50)] } }),
        people: { [person(50)]: { sameAs: people(range(51, 7)) } },
      },
      false,
    ],
    [
      'a person with many accounts',
      { ...owned(range(1, 17)), people: { [person(50)]: { sameAs: people(range(51, 7)) } } },
      false,
    ],
    [
      'the owners of the executor too',
      {
        agents: {
          [deployBot]: { ...bot, owners: people(range(1, 12)), executors: [otherBot], onBehalfOf: 'optional' },
          ...second(range(13, 12)),
        },
      },
      false,
    ],
  ])('%s', (_what, changes, accepted) => {
    expect(flawsIn(approvers(changes)).length === 0).toBe(accepted)
  })
})
