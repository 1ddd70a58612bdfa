import * as z from 'zod'
import { answerers } from '../core/policy/roster.ts'
import { component, type Frozen } from './component.ts'
import { example } from './example.ts'
import { problemAnswer } from './problemAnswer.ts'
import { policyOutcome, tier } from './requestAnswer.ts'
import { anyCount, anyDigest, anyObjectId } from './value.ts'

/** A person, as their token and the policy know them. */
export const meAnswer = component(
  'Me',
  z
    .object({
      id: anyObjectId,
      name: z.string(),
      roles: z.array(z.string()).meta({ description: 'App roles, as the token names them.' }),
      groups: z
        .array(z.string())
        .meta({ description: 'Groups of approvers. Empty for guests and disabled accounts, who decide nothing.' }),
      proved: z
        .array(z.string())
        .meta({ description: 'Authentication contexts that the person has met, as c1: the claim acrs of the token.' }),
    })
    .meta({ description: 'The person who calls.' }),
  { id: example.approver, name: 'Dana Burke', roles: ['Evidence.Read'], groups: ['dba'], proved: [] },
)

const eligibleSlot = component(
  'EligibleSlot',
  z.object({
    groups: z.array(z.string()),
    later: z
      .object({ after: anyCount.meta({ description: 'Seconds.' }), groups: z.array(z.string()) })
      .optional()
      .meta({ description: 'Groups whose people may fill it, too, so long after the ask.' }),
    quorum: anyCount,
    eligible: anyCount.meta({ description: 'How many people may fill it. Counted up to 50.' }),
  }),
)

const groupMember = component(
  'GroupMember',
  z.object({
    id: anyObjectId,
    name: z.string().optional().meta({ description: 'Absent where the directory has no such person.' }),
    member: z.boolean().meta({ description: 'A member of the tenant, and no guest.' }),
    enabled: z.boolean(),
  }),
)

const readableRule = component(
  'Rule',
  z.object({
    id: z.string(),
    file: z.string(),
    actions: z.array(z.string()).meta({ description: 'The declared actions that it is about.' }),
    words: z.string().optional().meta({
      description: 'What it says, in a sentence. Absent for a rule that cannot be said in words: then read the text.',
    }),
    text: z.string().meta({ description: 'As it stands in its file: what counts.' }),
    annotations: z.record(z.string(), z.string()),
  }),
)

const policyAgent = component(
  'Agent',
  z.object({
    id: anyObjectId,
    name: z.string(),
    owners: z.array(anyObjectId),
    sponsors: z.array(anyObjectId),
    executors: z.array(anyObjectId).meta({ description: 'Agents that it may name to carry out an action.' }),
    onBehalfOf: z.enum(['required', 'optional', 'refused']),
    answers: z.enum(answerers).meta({ description: 'Who answers what approvers ask about its requests.' }),
    narrowing: z.boolean().optional().meta({ description: 'Whether it takes less than it asked for. Absent: no.' }),
    principals: z.array(anyObjectId).optional().meta({
      description: 'The only people whom it may act for. Absent if it may act for all of the tenant, or for none.',
    }),
    limits: z.object({ pending: anyCount, hourly: anyCount, answered: anyCount.optional() }),
  }),
)

/** The policy in force, for the people whom it concerns. */
export const policyView = component(
  'Policy',
  z
    .object({
      version: anyDigest,
      rules: z.array(readableRule).meta({ description: 'In the order in which they count: forbid, approve, allow.' }),
      groups: z.array(
        z.object({
          name: z.string(),
          members: z.array(groupMember),
          more: anyCount.optional().meta({ description: 'How many members there are beyond the first 200.' }),
          entraGroup: anyObjectId.optional(),
        }),
      ),
      agents: z.array(policyAgent),
      people: z.record(z.string(), z.string()).meta({
        description: 'Names of those who answer for agents, by object id, as far as the directory tells them.',
      }),
    })
    .meta({ description: 'The policy in force.' }),
  {
    version: example.policy,
    rules: [
      {
        ...{ id: 'never-drop', file: 'forbid.cedar', actions: ['db.drop'], words: 'No agent may do db.drop.' },
        text: '@id("never-drop") forbid (principal, action == Action::"db.drop", resource);',
        annotations: { id: 'never-drop' },
      },
    ],
    groups: [{ name: 'dba', members: [{ id: example.approver, name: 'Dana Burke', member: true, enabled: true }] }],
    agents: [
      {
        ...{ id: example.agent, name: 'deploy-bot', owners: [example.approver], sponsors: [], executors: [] },
        ...{ onBehalfOf: 'optional', answers: 'owners', limits: { pending: 20, hourly: 120, answered: 1200 } },
      },
    ],
    people: { [example.approver]: 'Dana Burke' },
  },
)

export type PolicyInForce = Frozen<z.output<typeof policyView>>

const seconds = anyCount.meta({ description: 'Seconds.' })

/** What an ask would lead to. What exists only for people or for an approval is absent without it. */
export const dryRunAnswer = component(
  'DryRun',
  z
    .object({
      policy: anyDigest.meta({ description: 'The version of the policy that judged.' }),
      outcome: policyOutcome,
      rules: z.array(z.string()),
      summary: z.string().optional(),
      tier: tier.optional(),
      expires: seconds.optional(),
      via: z.array(z.string()).optional().meta({ description: 'The only doors that may approve. Absent if all may.' }),
      answer: seconds.optional().meta({ description: 'Seconds that people have at least after a question of theirs.' }),
      remind: z.array(z.int()).optional().meta({
        description: 'When they are reminded: seconds after the ask, or with a negative number before the deadline.',
      }),
      glass: z
        .object({ groups: z.array(z.string()), review: seconds })
        .optional()
        .meta({ description: 'Who may approve alone in an emergency, and in how many seconds that is reviewed.' }),
      session: z
        .object({ for: seconds, uses: anyCount, vary: z.array(z.string()) })
        .optional()
        .meta({ description: 'What a standing approval may be asked for: how long, how often, and what may vary.' }),
      narrow: z.array(z.string()).optional().meta({ description: 'The params that approvers may make smaller.' }),
      lapse: seconds.optional(),
      grant: seconds.optional(),
      required: z.array(eligibleSlot),
      excluded: z.array(anyObjectId).meta({ description: 'Accounts that may not approve it.' }),
      excludedByAgent: z
        .array(anyObjectId)
        .optional()
        .meta({ description: "Accounts that only the agent's own word (onBehalfOf, executor) keeps from approving." }),
      pages: anyCount.meta({ description: "Pages of the approver's view; 0 where people do not decide." }),
      warnings: z.array(z.object({ code: z.string(), words: z.string() })),
      problem: problemAnswer
        .pick({ code: true, detail: true, pointer: true })
        .optional()
        .meta({ description: 'Why the ask would be refused, although policy wants people to decide it.' }),
    })
    .meta({ description: 'What an ask would lead to.' }),
  {
    ...{ policy: example.policy, outcome: 'approve', rules: ['export-needs-dba'], tier: 'medium', expires: 3600 },
    ...{ lapse: 3600, grant: 300, required: [{ groups: ['dba'], quorum: 1, eligible: 2 }], excluded: [] },
    ...{ pages: 1, warnings: [] },
  },
)

export type TriedAsk = Frozen<z.output<typeof dryRunAnswer>>
