import * as z from 'zod'
import { bounds } from '../core/data/bound.ts'
import { sizes } from '../core/policy/sizes.ts'
import { component, type Frozen } from './component.ts'
import { example } from './example.ts'
import { instant, objectId, words } from './field.ts'
import { changing, json, type Operation, signedIn } from './operation.ts'
import { noQuery } from './queries.ts'
import { anyInstant, anyObjectId, anySha256 } from './value.ts'

/** The most groups that one absence names. */
const mostGroups = 32

const delegationBody = component(
  'DelegationBody',
  z
    .strictObject({
      to: objectId.meta({ description: 'The deputy, whom approvers.json has to name for each of the groups.' }),
      groups: z
        .array(z.string().min(1).max(sizes.name, `is a group's name, of at most ${sizes.name} characters`))
        .min(1, 'names a group')
        .max(mostGroups, `names at most ${mostGroups} groups`)
        .optional()
        .meta({ description: 'Groups of yours. Absent: all for which approvers.json names the deputy.' }),
      until: instant.meta({ description: `When you are back, at most ${bounds.away / 86_400} days from now.` }),
      reason: words(0, bounds.text.words)
        .optional()
        .meta({ description: 'Why, for readers of the log. It cannot be erased: it is about no request.' }),
    })
    .meta({ description: 'While a member is away, a deputy may act for them. Both have one vote.' }),
  { to: example.approver, groups: ['dba'], until: example.later },
)

const delegationAnswer = component(
  'Delegation',
  z
    .object({
      event: anySha256.meta({ description: 'The hash of the event `delegated`, by which it is recalled.' }),
      member: anyObjectId.meta({ description: 'Who is away.' }),
      to: anyObjectId.meta({ description: 'Who may act for them.' }),
      groups: z.array(z.string()),
      at: anyInstant,
      until: anyInstant,
      reason: z.string().optional(),
    })
    .meta({ description: 'A member of groups who is away, and their deputy.' }),
  {
    ...{ event: example.hash, member: example.approver, to: example.agent, groups: ['dba'] },
    ...{ at: example.asked, until: example.later },
  },
)

const delegationList = component(
  'DelegationList',
  z
    .object({
      delegations: z.array(delegationAnswer),
      deputies: z
        .array(z.object({ id: anyObjectId, name: z.string(), groups: z.array(z.string()) }))
        .meta({ description: 'Whom you may name as your deputy, and in which groups of yours.' }),
      names: z.record(z.string(), z.string()).meta({
        description: 'Names of the people in them, by object id, as the directory has them now.',
      }),
    })
    .meta({ description: 'Who is away now, and who may act for them; oldest first.' }),
  { delegations: [], deputies: [], names: {} },
)

const recallAnswer = component(
  'Recall',
  z
    .object({ event: anySha256, by: anyObjectId, at: anyInstant })
    .meta({ description: 'The member is back: the deputy may act for them no more.' }),
  { event: example.hash, by: example.approver, at: example.approved },
)

export type DelegationList = Frozen<z.output<typeof delegationList>>

/** Who is away, and who acts for them. */
export const delegationOperations = {
  delegations: {
    method: 'GET',
    path: 'api/delegations',
    tag: 'delegations',
    summary: 'List who is away now and who may act for them: your own, and those in which you are the deputy',
    caller: { kind: 'person' },
    callerWords: 'a person of the tenant; app role Evidence.Read lists all',
    query: noQuery,
    headers: [],
    answers: { 200: json(delegationList) },
    problems: signedIn,
  },
  delegate: {
    method: 'POST',
    path: 'api/delegations',
    tag: 'delegations',
    summary: 'Say that you are away, and who may act for you meanwhile, which is recorded',
    caller: { kind: 'person' },
    callerWords: 'a member of the groups, for themself',
    query: noQuery,
    body: delegationBody,
    headers: [],
    answers: { 201: json(delegationAnswer) },
    problems: [...signedIn, 'busy', 'read-only', 'invalid-json', 'too-large', 'not-deputy', 'secret-in-params'],
  },
  recall: {
    method: 'DELETE',
    path: 'api/delegations/{event}',
    tag: 'delegations',
    summary: 'Say that you are back before the time, which is recorded',
    caller: { kind: 'person' },
    callerWords: 'the member who said to be away',
    query: noQuery,
    headers: [],
    answers: { 200: json(recallAnswer) },
    problems: changing.filter((code) => code !== 'invalid-json' && code !== 'too-large'),
  },
} as const satisfies Readonly<Record<string, Operation>>
