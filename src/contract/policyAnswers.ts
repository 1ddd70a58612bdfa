import { z } from 'zod'
import { component } from './component.ts'
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
    .meta({ description: 'Who calls.' }),
  { id: example.approver, name: 'Dana Burke', roles: ['Evidence.Read'], groups: ['dba'], proved: [] },
)

const eligibleSlot = component(
  'EligibleSlot',
  z.object({
    groups: z.array(z.string()),
    quorum: anyCount,
    eligible: anyCount.meta({ description: 'How many people may fill it. Counted up to 50.' }),
  }),
)

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
