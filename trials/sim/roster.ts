import type { Action } from '../../src/core/action/action.ts'
import { type ObjectId, sha256, shardOfKey } from '../../src/core/data/id.ts'
import { type Instant, instant } from '../../src/core/data/instant.ts'
import { versionOf } from '../../src/core/record/policyVersion.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Directory, Person } from '../../src/ports/directory.ts'
import type { Policy } from '../../src/ports/policy.ts'
import type { VersionFiles } from '../../src/verify/versionFiles.ts'
import { action, bot, dba, dba2, needs, oid, owner, runner, security, slot } from '../../test/support/build.ts'
import { fakePolicy } from '../../test/support/fakes.ts'
import { policyTexts, type RosterText, type RuleText } from '../../test/support/policyTexts.ts'
import { agent, disabled, guest, stranger } from '../../test/support/world.ts'
import type { Verb } from './plan.ts'

/** Another account of {@link dba2}. */
const dba2Alias = oid(14)

/** Who may try to vote: two of the group, an account that is one of them again, another group; and who may not. */
export const approvers: readonly ObjectId[] = [dba, dba2, dba2Alias, security, owner, guest, disabled, stranger]

/** Whom policy names as a deputy of the group dba. */
export const deputy = stranger

/** Who each account is; the others are accounts of their own. */
export const personOf = (account: string): string => (account === dba2Alias ? dba2 : account)

/** Of each group, who may decide: neither guests nor disabled accounts. */
export const eligible: Readonly<Record<string, readonly string[]>> = {
  dba: [dba, dba2, dba2Alias, owner],
  security: [security],
  incident: [dba2, security],
}
export const excluded: readonly string[] = [owner]

export const agents = [
  agent(bot, { answers: 'both', narrowing: true }),
  agent(runner, { answers: 'both', narrowing: true }),
] as const
const channels = { dba: ['19:dba', 'slack:T01/C01'], security: ['19:security'] } as const
export const compliance = '19:compliance'

const more = { lapse: 3600, grant: 300 }
const judgements: Readonly<Record<Verb, Judgement>> = {
  one: needs([slot('dba')], { rules: ['one-dba'] }),
  two: needs([slot('dba', 2)], { rules: ['two-dbas'] }),
  both: needs([slot('dba'), slot('security')], { rules: ['both-groups'] }),
  either: needs([slot('dba|security')], {
    ...{ rules: ['either-group'], expires: 600, lapse: 120, independent: [slot('dba|security')] },
  }),
  talk: needs([{ groups: ['dba'], later: { after: 600, groups: ['security'] }, quorum: 2 }], {
    ...{
      rules: ['talk'],
      expires: 7200,
      answer: 3000,
      remind: [-2400, 60],
      glass: { groups: ['incident'], review: 3600 },
      narrow: ['size'],
    },
  }),
  stand: needs([slot('dba')], { rules: ['stand'], session: { for: 3600, uses: 3, vary: ['name'] } }),
  allow: { outcome: 'allow', rules: ['restart'], ...more },
  forbid: { outcome: 'forbid', rules: ['never'] },
  unknown: { outcome: 'no-policy', rules: [] },
}

const isVerb = (text: string): text is Verb => text in judgements

/** The rules that judge so. */
const rules: readonly RuleText[] = [
  { id: 'never', file: 'forbid.cedar', verbs: ['forbid'] },
  { id: 'one-dba', file: 'approve.cedar', verbs: ['one'], notes: { approvers: 'dba' } },
  { id: 'two-dbas', file: 'approve.cedar', verbs: ['two'], notes: { approvers: 'dba:2' } },
  { id: 'both-groups', file: 'approve.cedar', verbs: ['both'], notes: { approvers: 'dba, security' } },
  {
    ...{ id: 'either-group', file: 'approve.cedar', verbs: ['either'] },
    notes: { approvers: 'dba|security', independent: '', expires: 'PT10M', lapse: 'PT2M' },
  },
  {
    ...{ id: 'talk', file: 'approve.cedar', verbs: ['talk'] },
    notes: {
      ...{ approvers: 'dba:2', expires: 'PT2H', answer: 'PT50M', remind: 'PT1M, -PT40M', escalate: 'PT10M: security' },
      ...{ breakglass: 'incident', review: 'PT1H', narrow: 'size' },
    },
  },
  {
    ...{ id: 'stand', file: 'approve.cedar', verbs: ['stand'] },
    notes: { approvers: 'dba', session: 'PT1H', uses: '3', vary: 'name' },
  },
  { id: 'restart', file: 'allow.cedar', verbs: ['allow'] },
]

/** The annotations of the rule by which people decide on a verb. */
export const notesFor = (verb: string): Readonly<Record<string, string>> =>
  rules.find(({ verbs }) => verbs.includes(verb))?.notes ?? {}

/** Seconds within which agents want people to decide. */
export const wantedWithin = 3600

const groups = {
  dba: [dba, dba2, dba2Alias, owner, guest, disabled],
  security: [security],
  incident: [dba2, security],
}

const people = [[dba2, dba2Alias]] as const

const rosterText: RosterText = {
  agents: Object.fromEntries(
    agents.map(
      ({ id, name, owners, onBehalfOf, answers }) =>
        [id, { name, owners, onBehalfOf, answers, narrowing: true }] as const,
    ),
  ),
  groups: Object.fromEntries(
    Object.entries(groups).map(([name, members]) => [name, { members, ...(name === 'dba' && { deputies: [deputy] }) }]),
  ),
  people,
}

/** The files of the policy that an auditor reads. Cedar is not needed for it. */
export const policyFiles: ReadonlyMap<string, string> = new Map([
  ...[...policyTexts(rosterText, rules)].filter(([name]) => name.endsWith('.json')),
  ['cards/channel.json', '{}'],
])

const digests = new Map([...policyFiles].map(([name, text]) => [name, sha256(text)]))

const version = versionOf([...digests])

/** The policy as a bundle has it. */
export const policyInBundles: VersionFiles = {
  version,
  listed: digests,
  files: new Map([...policyFiles].map(([name, text]) => [name, Buffer.from(text)])),
  templates: [sha256(policyFiles.get('cards/channel.json') ?? '')],
}

/** Two groups with a channel each in Teams, and one of them in Slack too; the verb of an action says what policy makes of it. */
export const policy: Policy = fakePolicy({
  version,
  agents,
  groups: [
    { name: 'dba', members: groups.dba, channels: channels.dba, deputies: [deputy] },
    { name: 'security', members: groups.security, channels: channels.security },
    { name: 'incident', members: groups.incident, channels: [] },
  ],
  people,
  judge: ({ action: verb }) => judgements[isVerb(verb) ? verb : 'unknown'],
  compliance,
})

/** Whom an agent says that it acts for, who then may not approve. */
export const principalOf = ({ action: verb }: Action): ObjectId | undefined => (verb === 'either' ? dba : undefined)

export const actionOf = (verb: Verb, name: string): Action => ({
  ...action,
  action: verb,
  // Approvers may make it smaller, three times.
  params: { name, ...(verb === 'talk' && { size: 20 }) },
})

/** What is asked for without a key. */
export const unkeyed = 'unkeyed'

/** What tells actions apart that are asked for under keys. */
export const keyedName = (key: number, body: number): string => `key ${key}, body ${body}`

/** What a standing approval is asked for: each name that is asked for, but those that say otherwise. */
export const standingAction: Action = {
  ...actionOf('stand', unkeyed),
  standing: {
    ...{ for: 3600, uses: 3 },
    vary: { params: { name: [unkeyed, ...[0, 1].flatMap((key) => [0, 1].map((body) => keyedName(key, body)))] } },
  },
}

/** Keys whose requests meet in few shards. */
export const keysOf = (id: ObjectId): readonly string[] => keys.get(id) ?? []

const keys: ReadonlyMap<ObjectId, readonly string[]> = new Map(
  agents.map(({ id }) => [id, ['03', '07'].map((shard) => keyTo(id, shard))] as const),
)

function keyTo(id: ObjectId, shard: string): string {
  for (let number = 0; ; number++) if (shardOfKey(id, `key-${number}`) === shard) return `key-${number}`
}

/** Everybody, as a clock dates them. */
export const directory = (clock: Clock): Directory => ({
  person: async (id): Promise<Person | null> =>
    approvers.includes(id)
      ? { name: `Person ${id.slice(-2)}`, member: id !== guest, enabled: id !== disabled, asOf: clock.now() }
      : null,
  members: async () => [],
  ping: async () => {},
})

/** A clock that others move. */
export interface Time {
  ms: number
}

/** @param off seconds */
export const clockOf = (time: Time, off: () => number): Clock => ({
  now: (): Instant => instant(time.ms + off() * 1000),
})
