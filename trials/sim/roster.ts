import type { Action } from '../../src/core/action/action.ts'
import { type ObjectId, shardOfKey } from '../../src/core/data/id.ts'
import { type Instant, instant } from '../../src/core/data/instant.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Directory, Person } from '../../src/ports/directory.ts'
import type { Policy } from '../../src/ports/policy.ts'
import {
  action,
  bot,
  dba,
  dba2,
  needs,
  oid,
  owner,
  policyVersion,
  runner,
  security,
  slot,
} from '../../test/support/build.ts'
import { fakePolicy } from '../../test/support/fakes.ts'
import { agent, disabled, guest, stranger } from '../../test/support/world.ts'
import type { Verb } from './plan.ts'

/** Another account of {@link dba2}. */
const dba2Alias = oid(14)

/** Who may try to vote: two of the group, an account that is one of them again, another group; and who may not. */
export const approvers: readonly ObjectId[] = [dba, dba2, dba2Alias, security, owner, guest, disabled, stranger]

/** Who each account is; the others are accounts of their own. */
export const personOf = (account: string): string => (account === dba2Alias ? dba2 : account)

/** Of each group, who may decide: neither guests nor disabled accounts. */
export const eligible: Readonly<Record<string, readonly string[]>> = {
  dba: [dba, dba2, dba2Alias, owner],
  security: [security],
}
export const excluded: readonly string[] = [owner]

export const agents = [agent(bot), agent(runner)] as const
const channels = ['19:dba', '19:security'] as const
export const compliance = '19:compliance'

const more = { lapse: 3600, grant: 300 }
const judgements: Readonly<Record<Verb, Judgement>> = {
  one: needs([slot('dba')]),
  two: needs([slot('dba', 2)]),
  both: needs([slot('dba'), slot('security')]),
  either: needs([slot('dba|security')], { expires: 600, lapse: 120 }),
  allow: { outcome: 'allow', rules: ['restart'], ...more },
  forbid: { outcome: 'forbid', rules: ['never'] },
  unknown: { outcome: 'no-policy', rules: [] },
}

const isVerb = (text: string): text is Verb => text in judgements

/** Two groups with a channel each; the verb of an action says what policy makes of it. */
export const policy: Policy = fakePolicy({
  version: policyVersion,
  agents,
  groups: [
    { name: 'dba', members: [dba, dba2, dba2Alias, owner, guest, disabled], channels: [channels[0]] },
    { name: 'security', members: [security], channels: [channels[1]] },
  ],
  people: [[dba2, dba2Alias]],
  judge: ({ action: verb }) => judgements[isVerb(verb) ? verb : 'unknown'],
  compliance,
})

export const actionOf = (verb: Verb, name: string): Action => ({ ...action, action: verb, params: { name } })

/** What tells actions apart that are asked for under keys. */
export const keyedName = (key: number, body: number): string => `key ${key}, body ${body}`

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
