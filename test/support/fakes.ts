import type { Action } from '../../src/core/action/action.ts'
import type { Digest, ObjectId } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import type { Presentation } from '../../src/core/action/presentation.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Directory, Person } from '../../src/ports/directory.ts'
import type {
  AgentRegistration,
  ApproverGroup,
  AzureDevOpsRegistration,
  GitHubRegistration,
  Policy,
  Question,
} from '../../src/ports/policy.ts'
import type { Signer } from '../../src/ports/signer.ts'

/** A directory in memory, with people by object id. With `down` it fails as the real one does. */
export class FakeDirectory implements Directory {
  down = false
  /** Groups that cannot be read. */
  readonly unreadable = new Set<ObjectId>()
  /** The groups whose members were read, in order. */
  readonly asked: ObjectId[] = []
  private readonly people = new Map<ObjectId, Omit<Person, 'asOf'>>()
  private readonly groups = new Map<ObjectId, readonly ObjectId[]>()
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(id: ObjectId, person: Partial<Person> = {}): void {
    this.people.set(id, { name: `Person ${id.slice(-2)}`, member: true, enabled: true, ...person })
  }

  remove(id: ObjectId): void {
    this.people.delete(id)
  }

  group(id: ObjectId, members: readonly ObjectId[]): void {
    this.groups.set(id, members)
  }

  async person(id: ObjectId): Promise<Person | null> {
    await this.ping()
    const person = this.people.get(id)
    return person ? { ...person, asOf: this.clock.now() } : null
  }

  async members(group: ObjectId): Promise<readonly ObjectId[]> {
    await this.ping()
    this.asked.push(group)
    if (this.unreadable.has(group)) throw new Problem('unavailable', 'This group cannot be read.', { retryAfter: 5 })
    return this.groups.get(group) ?? []
  }

  async ping(): Promise<void> {
    if (this.down) throw new Problem('unavailable', 'The directory does not answer.', { retryAfter: 10 })
  }
}

export interface Roster {
  readonly version: Digest
  readonly agents: readonly AgentRegistration[]
  readonly groups: readonly ApproverGroup[]
  readonly people: readonly (readonly ObjectId[])[]
  readonly judge: (action: Action, question?: Question) => Judgement
  readonly compliance?: string
  readonly notSecret?: Readonly<Record<string, readonly string[]>>
  readonly presentations?: Readonly<Record<string, Presentation>>
  readonly doors?: ReturnType<Policy['doors']>
  readonly summaries?: Readonly<Record<string, string>>
  readonly rules?: ReturnType<Policy['readable']>
  /** The account of each person by their account of Slack. */
  readonly slack?: Readonly<Record<string, ObjectId>>
  /** The account of each person by their number at GitHub, and by their id at Azure DevOps. */
  readonly github?: Readonly<Record<number, ObjectId>>
  readonly azure?: Readonly<Record<string, ObjectId>>
  readonly gitHubs?: readonly GitHubRegistration[]
  readonly azureDevOps?: readonly AzureDevOpsRegistration[]
}

/** A policy that is plain data. */
export function fakePolicy(roster: Roster): Policy {
  const {
    version,
    agents,
    groups,
    people,
    judge,
    compliance,
    notSecret = {},
    presentations = {},
    doors = [],
    summaries = {},
    rules = [],
    slack = {},
    github = {},
    azure = {},
    gitHubs = [],
    azureDevOps = [],
  } = roster
  return {
    version,
    judge: (question) => judge(question.action, question),
    forbids: ({ action }) => {
      const { outcome, rules } = judge(action)
      return outcome === 'forbid' ? rules : []
    },
    summary: (rule) => summaries[rule] ?? null,
    uncovered: () => ({ why: 'no-rules' }),
    notSecret: (action) => notSecret[action] ?? [],
    doors: () => doors,
    readable: () => rules,
    presentation: (action) => presentations[action] ?? null,
    agent: (id) => agents.find((agent) => agent.id === id) ?? null,
    agents: () => agents,
    groups: () => groups,
    namedGroups: () => groups,
    group: (name) => groups.find((group) => group.name === name) ?? null,
    accounts: (id) => (people.find((accounts) => accounts.includes(id)) ?? [id]).toSorted(),
    personInSlack: (account) => slack[account] ?? null,
    personInGitHub: (user) => github[user] ?? null,
    personInAzureDevOps: (identity) => azure[identity] ?? null,
    gitHub: (id) => gitHubs.find(({ agent }) => agent === id) ?? null,
    gitHubs: () => gitHubs,
    azureDevOps: (id) => azureDevOps.find(({ agent }) => agent === id) ?? null,
    complianceChannel: () => compliance ?? null,
    files: () => new Map(),
  }
}

/** Signs with the first signer, or with the one whose key is named. Verifies with all, as after a rotation. */
export function rotated(newest: Signer, ...older: readonly Signer[]): Signer {
  const all = [newest, ...older]
  return {
    keys: async () => (await Promise.all(all.map((signer) => signer.keys()))).flat(),
    sign: async (digest, kid) => {
      const owns = await Promise.all(all.map(async (signer) => (await signer.keys()).some((key) => key.kid === kid)))
      return (all[owns.indexOf(true)] ?? newest).sign(digest, kid)
    },
  }
}

/** A clock that stands still until it is set. */
export class FakeClock implements Clock {
  private at: Instant

  constructor(at: Instant) {
    this.at = at
  }

  now(): Instant {
    return this.at
  }

  set(at: Instant): void {
    this.at = at
  }
}
