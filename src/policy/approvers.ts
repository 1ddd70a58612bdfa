import * as z from 'zod'
import { controlCharacter } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import type { ObjectId } from '../core/data/id.ts'
import { channelName, readChannel } from '../ports/channel.ts'
import type { AgentRegistration, ApproverGroup, Policy } from '../ports/policy.ts'
import { flawAt, type Path, readDocument } from './document.ts'
import { BadPolicy } from './flaw.ts'
import { guid } from './guid.ts'
import {
  azureDevOpsRegistrations,
  checkPipelines,
  gitHubNumber,
  gitHubRegistrations,
  pipelineMembers,
} from './pipelines.ts'
import { answerers } from '../core/policy/roster.ts'
import { joinedAccounts } from '../core/policy/people.ts'
import { groupPattern, sizes } from '../core/policy/sizes.ts'

/** The content of `approvers.json`: groups, registered agents, the accounts of each person, the compliance channel. */
export type Roster = Pick<
  Policy,
  | 'agent'
  | 'agents'
  | 'group'
  | 'groups'
  | 'accounts'
  | 'personInSlack'
  | 'personInGitHub'
  | 'personInAzureDevOps'
  | 'gitHub'
  | 'gitHubs'
  | 'azureDevOps'
  | 'complianceChannel'
> & {
  /** The IANA time zone in which rules read the time. */
  readonly zone: string
}

/** How many accounts can at most be excluded for a request, and how many of them by the agent's own word alone. */
export interface MostExcluded {
  readonly all: number
  readonly byAgent: number
}

const unique = <Item extends z.ZodType>(item: Item) =>
  z.array(item).refine((list) => new Set(list).size === list.length, 'the same entry twice')

/** A channel by its one name, whichever way policy writes it, so that a channel given twice is noticed. */
const channel = z.string().transform((text, context): string => {
  const read = readChannel(text)
  if (!('why' in read)) return channelName(read)
  context.addIssue(read.why)
  return z.NEVER
})

const name = z.string().refine((text) => text.trim() !== '' && [...text].length <= 64 && !controlCharacter.test(text), {
  error: 'a name has 1 to 64 characters, none of them control characters',
})

const group = z
  .strictObject({
    members: unique(guid).default([]),
    entraGroup: guid.exactOptional(),
    channels: unique(channel).max(sizes.channelsPerGroup).default([]),
    deputies: unique(guid).max(sizes.deputies, `a group has at most ${sizes.deputies} deputies`).exactOptional(),
  })
  .refine(
    ({ members, entraGroup }) => members.length > 0 || entraGroup !== undefined,
    'a group has members or entraGroup',
  )

const whom = unique(guid).min(1, 'it lists at least one person; an agent that acts for nobody has "refused"')

/** An agent acts for nobody unless its registration says so, since every person that it names may not approve. */
const onBehalfOf = z
  .union(
    [
      z.enum(['required', 'optional', 'refused']),
      z.strictObject({ required: whom }),
      z.strictObject({ optional: whom }),
    ],
    {
      error:
        'it is "refused", "optional" or "required", or lists whom the agent may act for, ' +
        'as { "optional": ["<object id in lower case>", …] }, each once',
    },
  )
  .default('refused')

const agent = z.strictObject({
  name,
  appId: guid,
  owners: unique(guid).default([]),
  sponsors: unique(guid).default([]),
  executors: unique(guid).default([]),
  onBehalfOf,
  answers: z.enum(answerers, { error: `it is one of ${answerers.join(', ')}` }).default('owners'),
  narrowing: z
    .boolean({
      error: 'it is true if the agent executes what approvers leave of an action, and takes that from the answer',
    })
    .default(false),
  limits: z
    .strictObject({
      pending: z.int().min(1).max(bounds.pending.most).default(bounds.pending.otherwise),
      hourly: z.int().min(1).max(bounds.hourly.most).default(bounds.hourly.otherwise),
      answered: z.int().min(1).max(bounds.answered.most).default(bounds.answered.otherwise),
    })
    .prefault({}),
})

/** A person of a workspace of Slack. Names and mail addresses say nothing: Slack's users may change them. */
const slackAccount = z.string().regex(/^T[A-Z0-9]{2,20}\/[UW][A-Z0-9]{2,20}$/, {
  error: ({ input }) =>
    `an account of Slack is written as T…/U…, workspace and user, and this is ${JSON.stringify(input)}`,
})

const person = z
  .strictObject({
    sameAs: unique(guid).default([]),
    slack: unique(slackAccount).default([]),
    github: unique(gitHubNumber).default([]),
    azureDevOps: unique(guid).default([]),
  })
  .refine(
    (own) => Object.values(own).some((accounts) => accounts.length > 0),
    'a person has sameAs, slack, github or azureDevOps',
  )

function isZone(zone: string): boolean {
  try {
    // Offsets as +01:00 are refused: they have no summer time.
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const document = z.strictObject({
  version: z.literal(1),
  groups: z.record(z.string().regex(groupPattern, 'a group is named with 1 to 32 of A-Z a-z 0-9 _ -'), group),
  agents: z.record(guid, agent),
  people: z.record(guid, person).default({}),
  compliance: z.strictObject({ channel }).exactOptional(),
  ...pipelineMembers,
  zone: z.string().refine(isZone, 'a time zone of the IANA database, as Europe/Berlin').default('UTC'),
})

type Document = z.output<typeof document>

/** @throws {BadPolicy} with the line of each flaw. */
export function readRoster(bytes: Uint8Array, text: string): Roster & { readonly mostExcluded: MostExcluded } {
  const source = { file: 'approvers.json', bytes, text }
  const parsed = readDocument(source, document)
  const { groups, agents, people, compliance, zone } = parsed
  const accounts = joinedAccounts(people)
  const flaws = contradictions(parsed, accounts).map(([path, reason]) => flawAt(source, path, reason))
  if (flaws.length) throw new BadPolicy(flaws)
  const registered = new Map(entries(agents).map(([id, rest]) => [id, registration(id, rest)]))
  const [inSlack, inGitHub, inAzureDevOps] = (['slack', 'github', 'azureDevOps'] as const).map(
    (kind) =>
      new Map(entries(people).flatMap(([id, own]) => own[kind].map((account) => [String(account), id] as const))),
  )
  const gitHubs = gitHubRegistrations(parsed)
  const azureDevOps = azureDevOpsRegistrations(parsed)
  const named = new Map(entries(groups).map(([key, rest]) => [key, { name: key, ...rest } satisfies ApproverGroup]))
  return {
    agent: (id) => registered.get(id) ?? null,
    agents: () => [...registered.values()],
    group: (wanted) => named.get(wanted) ?? null,
    groups: () => [...named.values()],
    accounts,
    personInSlack: (account) => inSlack?.get(account) ?? null,
    personInGitHub: (user) => inGitHub?.get(String(user)) ?? null,
    personInAzureDevOps: (identity) => inAzureDevOps?.get(identity) ?? null,
    gitHub: (id) => gitHubs.find(({ agent }) => agent === id) ?? null,
    gitHubs: () => gitHubs,
    azureDevOps: (id) => azureDevOps.find(({ agent }) => agent === id) ?? null,
    complianceChannel: () => compliance?.channel ?? null,
    zone,
    mostExcluded: largest(entries(agents).map(([id]) => mostExcluded(id, parsed, accounts))),
  }
}

function registration(id: ObjectId, { onBehalfOf, ...rest }: Document['agents'][ObjectId]): AgentRegistration {
  const { rule, principals } = principalsOf(onBehalfOf)
  return { id, ...rest, onBehalfOf: rule, ...(principals && { principals }) }
}

/** Whom an agent may act for. Without a list it is every member of the tenant, unless the rule is `refused`. */
function principalsOf(given: Document['agents'][ObjectId]['onBehalfOf']): {
  readonly rule: AgentRegistration['onBehalfOf']
  readonly principals?: readonly ObjectId[]
} {
  if (typeof given === 'string') return { rule: given }
  return 'required' in given
    ? { rule: 'required', principals: given.required }
    : { rule: 'optional', principals: given.optional }
}

const largest = (counts: readonly MostExcluded[]): MostExcluded => ({
  all: Math.max(0, ...counts.map(({ all }) => all)),
  byAgent: Math.max(0, ...counts.map(({ byAgent }) => byAgent)),
})

const entries = <Key extends string, Value>(record: Readonly<Record<Key, Value>>) =>
  Object.entries(record) as [Key, Value][]

/** Finds flaws that show only when the parts of the document are compared. */
function contradictions(parsed: Document, accounts: Roster['accounts']): [Path, string][] {
  const { groups, agents, people } = parsed
  const found: [Path, string][] = []
  const isAgent = (id: ObjectId): boolean => Object.hasOwn(agents, id)
  const noAgents = (path: Path, ids: readonly ObjectId[], reason: string): void =>
    ids.forEach((id, i) => isAgent(id) && found.push([[...path, i], reason]))

  for (const [key, { members, deputies = [] }] of entries(groups)) {
    noAgents(['groups', key, 'members'], members, 'an agent is never an approver')
    noAgents(['groups', key, 'deputies'], deputies, 'an agent is never a deputy')
    deputies.forEach((id, i) => {
      const isMember = accounts(id).some((account) => members.includes(account))
      if (isMember) found.push([['groups', key, 'deputies', i], 'a member of the group needs to be no deputy of it'])
    })
  }
  for (const [id, { sameAs }] of entries(people)) {
    if (isAgent(id)) found.push([['people', id], 'this is an agent'])
    noAgents(['people', id, 'sameAs'], sameAs, 'this is an agent')
    if (accounts(id).length > sizes.accountsPerPerson)
      found.push([['people', id], `a person has at most ${sizes.accountsPerPerson} accounts`])
  }
  found.push(...sharedAccounts(people))
  checkPipelines(parsed, isAgent, (path, reason) => found.push([path, reason]))
  for (const id of [...Object.keys(parsed.github), ...Object.keys(parsed.azureDevOps)] as ObjectId[])
    if (isAgent(id) && agents[id]?.narrowing)
      found.push([['agents', id, 'narrowing'], 'a pipeline runs what it was started with, whatever people leave of it'])
  const taken = new Set<string>()
  for (const [id, { name: called, appId, owners, sponsors, executors, onBehalfOf }] of entries(agents)) {
    noAgents(['agents', id, 'owners'], owners, 'an owner is a person')
    noAgents(['agents', id, 'sponsors'], sponsors, 'a sponsor is a person')
    if (typeof onBehalfOf === 'object')
      for (const [rule, ids] of Object.entries(onBehalfOf))
        noAgents(['agents', id, 'onBehalfOf', rule], ids, 'an agent acts for people, and this is an agent')
    if (owners.length + sponsors.length === 0) found.push([['agents', id], 'somebody owns or sponsors an agent'])
    if (taken.has(appId)) found.push([['agents', id, 'appId'], 'another agent has this appId'])
    if (taken.has(called)) found.push([['agents', id, 'name'], 'another agent has this name'])
    taken.add(appId).add(called)
    executors.forEach((executor, i) => {
      if (!isAgent(executor)) found.push([['agents', id, 'executors', i], 'an executor is registered under agents too'])
    })
    if (mostExcluded(id, parsed, accounts).all > sizes.excluded)
      found.push([['agents', id], `more than ${sizes.excluded} accounts could be excluded from approving for it`])
  }
  return found
}

/** The accounts elsewhere that two people have: each names one person alone. */
function sharedAccounts(people: Document['people']): [Path, string][] {
  const kinds = { slack: 'Slack', github: 'GitHub', azureDevOps: 'Azure DevOps' } as const
  const taken = new Set<string>()
  return entries(kinds).flatMap(([kind, called]) =>
    entries(people).flatMap(([id, own]) =>
      [...own[kind].entries()].flatMap(([i, account]): [Path, string][] => {
        const key = `${kind} ${account}`
        if (taken.has(key)) return [[['people', id, kind, i], `another account has this account of ${called}`]]
        taken.add(key)
        return []
      }),
    ),
  )
}

/** Counts the accounts that can be excluded for an agent, with the principal and the executor that add the most. */
function mostExcluded(id: ObjectId, { agents, people }: Document, accounts: Roster['accounts']): MostExcluded {
  const responsible = (agentId: ObjectId): readonly ObjectId[] =>
    [...(agents[agentId]?.owners ?? []), ...(agents[agentId]?.sponsors ?? [])].flatMap(accounts)
  const { rule, principals } = principalsOf(agents[id]?.onBehalfOf ?? 'refused')
  const isAnyone = rule !== 'refused' && principals === undefined
  const listed = principals ?? (isAnyone ? entries(people).map(([person]) => person) : [])
  // A person whom `people` does not list has one account.
  const persons = [[], ...(isAnyone ? [['another']] : []), ...listed.map(accounts)]
  const own = new Set<string>(responsible(id))
  return largest(
    [id, ...(agents[id]?.executors ?? [])].flatMap((executor) =>
      persons.map((person) => {
        const excluded = new Set([...own, ...responsible(executor), ...person])
        return { all: excluded.size, byAgent: excluded.size - own.size }
      }),
    ),
  )
}
