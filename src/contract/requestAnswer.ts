import * as z from 'zod'
import { deliveryStates } from '../core/request/delivery.ts'
import { findings, outcomes, tiers, verdicts, voidReasons } from '../core/request/event.ts'
import { nextSteps, stopCodes } from '../core/request/nextStep.ts'
import { results } from '../core/request/redemption.ts'
import { statuses } from '../core/request/request.ts'
import { component, examples, type Frozen } from './component.ts'
import { example } from './example.ts'
import { problemCode } from './problemAnswer.ts'
import { anyCount, anyDigest, anyInstant, anyObjectId, anyRequestId, anySha256 } from './value.ts'

/** What a request's answer is made of. The names are those that a type generator gives to the parts. */

/** What some people may do with a request beside deciding it. */
export const furtherActs = ['ask', 'answer', 'narrow', 'break-glass', 'review'] as const

const verdict = component('Verdict', z.enum(verdicts))
const status = component('Status', z.enum(statuses))
export const tier = component('Tier', z.enum(tiers))
export const policyOutcome = component('PolicyOutcome', z.enum(outcomes))
const deliveryState = component(
  'DeliveryState',
  z.enum(deliveryStates).meta({
    description:
      'Whether the people who decide have a card in Teams: pending in the first minute, ok once each group has one or the request is closed, late after a minute without or while Teams knows no channel of a group, undeliverable after ten minutes in which none was reached.',
  }),
)
const nextStep = component('NextStep', z.enum(nextSteps))
const stopCode = component('StopCode', z.enum(stopCodes))

const link = component('Link', z.object({ title: z.string(), url: z.string() }))

const policyAnswer = component(
  'PolicyAnswer',
  z.object({
    version: anyDigest,
    outcome: policyOutcome,
    rules: z.array(z.string()),
    summary: z.string().optional(),
    tier: tier.optional(),
  }),
)

const slot = component('Slot', z.object({ groups: z.array(z.string()), quorum: anyCount, have: anyCount }))

const decision = component(
  'Decision',
  z.object({
    approver: anyObjectId,
    verdict,
    via: z.string().meta({ description: 'The door that the vote came through, as teams or api.' }),
    at: anyInstant,
    name: z.string().optional(),
    for: z.object({ id: anyObjectId, name: z.string().optional() }).optional().meta({
      description: 'Of a deputy, the member who was away. Both have one vote.',
    }),
    reason: z.string().optional(),
    current: z.literal(false).optional().meta({
      description: 'Present for an approval from before the newest answer or narrowing, which counts no more.',
    }),
    void: z
      .object({ why: z.enum(voidReasons), at: anyInstant })
      .optional()
      .meta({ description: 'Present once the vote no longer counts.' }),
  }),
)

const question = component(
  'Question',
  z.object({
    id: anySha256.meta({ description: 'The hash of its event, which an answer names.' }),
    by: anyObjectId,
    name: z.string().optional(),
    groups: z.array(z.string()).meta({ description: 'The groups of the person among those that decide.' }),
    at: anyInstant,
    text: z.string().optional().meta({
      description: 'What a person wants to know: data, and no instruction. Absent once it is erased.',
    }),
    answer: z
      .object({
        by: z.object({ kind: z.enum(['agent', 'person']), id: anyObjectId, name: z.string().optional() }),
        at: anyInstant,
        text: z.string().optional(),
      })
      .optional(),
  }),
)

const smallerValue = z.object({ before: z.unknown(), after: z.unknown() })

const narrowing = component(
  'Narrowing',
  z
    .object({
      by: anyObjectId,
      name: z.string().optional(),
      at: anyInstant,
      reason: z.string().optional(),
      digest: anyDigest.meta({ description: 'Of what it left.' }),
      params: z.record(z.string(), smallerValue).optional().meta({
        description: 'What got smaller, by name. Absent once it is erased, and of a standing approval.',
      }),
      standing: z
        .object({ uses: smallerValue.optional(), for: smallerValue.optional() })
        .optional()
        .meta({ description: 'What of a standing approval got smaller. Absent once it is erased.' }),
    })
    .meta({
      description: 'That an approver made the request smaller. `params` and `digest` of the request are what is left.',
    }),
)

const prompts = component(
  'Prompts',
  z.object({
    remindedAt: anyInstant.optional().meta({ description: 'When people were reminded last.' }),
    escalatesAt: anyInstant.optional().meta({ description: 'When more groups may approve, too.' }),
    groups: z.array(z.string()).optional().meta({ description: 'The groups that may from then on.' }),
    joined: z.array(z.string()).optional().meta({ description: 'The groups that joined already.' }),
  }),
)

const glass = component(
  'Glass',
  z
    .object({
      by: anyObjectId,
      name: z.string().optional(),
      at: anyInstant,
      reason: z.string().optional(),
      reviewBy: anyInstant,
      review: z
        .object({
          by: anyObjectId,
          name: z.string().optional(),
          at: anyInstant,
          finding: z.enum(findings),
          reason: z.string().optional(),
        })
        .optional(),
    })
    .meta({ description: 'That one person approved alone in an emergency, and what another thinks of it.' }),
)

const standing = component(
  'Standing',
  z
    .object({
      uses: anyCount,
      used: anyCount,
      usedAt: anyInstant.optional(),
      for: anyCount.meta({ description: 'Seconds from the approval on.' }),
      until: anyInstant.optional().meta({ description: 'When it ends, once it is approved.' }),
      vary: z
        .object({ target: z.string().optional(), params: z.record(z.string(), z.unknown()).optional() })
        .optional()
        .meta({ description: 'In what uses may differ from the action. Absent once it is erased.' }),
    })
    .meta({ description: 'What a standing approval is for, and how far it is used up.' }),
)

const warning = component(
  'Warning',
  z.object({ code: z.string(), words: z.string().meta({ description: 'What it means, for people.' }) }),
)

const outcome = component(
  'Outcome',
  z.object({
    result: z.enum(results),
    summary: z.string().optional(),
    output: z.object({ sha256: anySha256, size: anyCount }).optional(),
  }),
)

const stop = component('Stop', z.object({ code: stopCode, words: z.string() }))

const grant = component(
  'Grant',
  z.object({ token: z.string().meta({ description: 'A JWS in compact form.' }), expiresAt: anyInstant }),
)

export const requestAnswer = component(
  'Request',
  z
    .object({
      id: anyRequestId,
      status,
      action: z.string(),
      target: z.string().optional(),
      environment: z.string().optional(),
      params: z.record(z.string(), z.unknown()).optional(),
      reason: z.string().optional(),
      links: z.array(link).optional(),
      warnings: z.array(warning).optional().meta({
        description: 'What approvers are warned of. In answers to people alone: an agent could evade warnings.',
      }),
      digest: anyDigest,
      content: anySha256.optional().meta({
        description:
          'The hash of the newest event that people decide on: of the ask, or of the newest answer or narrowing.',
      }),
      agent: z.object({
        id: anyObjectId,
        name: z.string(),
        owner: z.string().optional().meta({
          description:
            'The display name of the first enabled owner of the agent, or else sponsor, when it asked. Absent where the directory gave none, and where policy alone answered.',
        }),
      }),
      executor: anyObjectId,
      onBehalfOf: anyObjectId.optional(),
      policy: policyAnswer,
      approvals: z.object({
        required: z.array(slot),
        decisions: z.array(decision),
        excludedByAgent: z.array(anyObjectId).optional().meta({
          description: "Accounts that only the agent's own word (onBehalfOf, executor) keeps from approving.",
        }),
      }),
      questions: z.array(question).optional(),
      narrowable: z.array(z.string()).optional().meta({
        description: 'The params that approvers may make smaller while it is pending.',
      }),
      asked: z
        .object({ digest: anyDigest })
        .optional()
        .meta({ description: 'What was asked for. Present once an approver made it smaller.' }),
      narrowed: z.array(narrowing).optional(),
      prompts: prompts.optional(),
      glass: glass.optional(),
      standing: standing.optional(),
      under: anyRequestId.optional().meta({ description: 'Of a use: its standing approval.' }),
      use: anyCount.optional().meta({ description: 'Of a use: which one it is, from 1.' }),
      delivery: deliveryState,
      createdAt: anyInstant,
      expiresAt: anyInstant.optional(),
      approvedAt: anyInstant.optional(),
      lapsesAt: anyInstant.optional(),
      redeemedAt: anyInstant.optional(),
      closedAt: anyInstant.optional(),
      outcome: outcome.optional(),
      next: nextStep,
      may: z.array(z.enum(furtherActs)).optional().meta({
        description:
          'What the person who reads a list may do beside deciding and revoking. Absent if it is nothing, and in other answers.',
      }),
      stop: stop.optional(),
      grant: grant.optional(),
      redemption: z.string().optional().meta({
        description:
          'The uuid with which it was redeemed. In answers to the executor alone, which compares it with its own.',
      }),
    })
    .meta({
      description:
        'A request as it stands. A fact that does not exist, was erased, or could not be restored is absent.',
    }),
  {
    ...{ id: example.request, status: 'approved', action: 'db.export', target: 'prod/postgres/customers' },
    ...{ environment: 'production', params: { tables: ['accounts'], rows: 1200 }, reason: 'Quarterly churn report' },
    digest: example.digest,
    agent: { id: example.agent, name: 'deploy-bot', owner: 'Dana Diaz' },
    executor: example.agent,
    policy: { version: example.policy, outcome: 'approve', rules: ['export-needs-dba'], tier: 'medium' },
    approvals: {
      required: [{ groups: ['dba'], quorum: 1, have: 1 }],
      decisions: [
        { approver: example.approver, verdict: 'approve', via: 'teams', at: example.approved, name: 'Dana Burke' },
      ],
    },
    ...{ delivery: 'ok', createdAt: example.asked, expiresAt: example.later, approvedAt: example.approved },
    ...{ lapsesAt: example.later, next: 'redeem', grant: { token: example.grant, expiresAt: example.later } },
  },
)

/** The request of the examples: approved, and about to be redeemed. */
const requestExample = examples.get('Request') as z.input<typeof requestAnswer>

export type RequestAnswer = Frozen<z.output<typeof requestAnswer>>

export const viewAnswer = component(
  'View',
  z
    .object({
      card: z
        .record(z.string(), z.unknown())
        .meta({ description: 'An Adaptive Card of version 1.5, as Teams gets it.' }),
      view: anyDigest.optional().meta({ description: 'What a vote names. Absent for a person who may not decide.' }),
      template: anySha256.optional().meta({ description: 'The card template, to which the view commits.' }),
      page: anyCount,
      pages: anyCount,
      refusal: z
        .object({ code: problemCode, words: z.string() })
        .optional()
        .meta({ description: 'Why this person cannot approve the request here. With a view they can still deny it.' }),
      stepUp: z
        .object({
          claims: z.string().meta({ description: 'The parameter claims of that sign-in (OpenID Connect Core 5.5).' }),
        })
        .optional()
        .meta({ description: 'What this person has to sign in with once more before they decide or revoke.' }),
      may: z.array(z.enum(furtherActs)).optional().meta({
        description: 'What this person may do beside deciding and revoking. Absent: nothing.',
      }),
      request: requestAnswer,
    })
    .meta({ description: 'A page of a request as this person was shown it.' }),
  {
    card: { type: 'AdaptiveCard', version: '1.5', body: [] },
    ...{ view: example.digest, template: example.hash, page: 1, pages: 1, request: requestExample },
  },
)

/** A page of a view that was shown before. */
export const shownViewAnswer = component(
  'ShownView',
  z
    .object({
      card: z
        .record(z.string(), z.unknown())
        .meta({ description: 'An Adaptive Card of version 1.5, without anything to press or fill in.' }),
      view: anyDigest,
      template: anySha256.meta({ description: 'The card template that it was drawn with, then and now.' }),
      page: anyCount,
      pages: anyCount,
      shown: z
        .array(z.object({ approver: anyObjectId, at: anyInstant, page: anyCount }))
        .meta({ description: 'Who was shown which page of this view, and when.' }),
      erased: z.array(z.string()).meta({ description: 'Names of texts that were in it, and are erased by now.' }),
    })
    .meta({ description: 'What somebody was shown of a request, drawn again.' }),
  {
    card: { type: 'AdaptiveCard', version: '1.5', body: [] },
    ...{ view: example.digest, template: example.hash, page: 1, pages: 1 },
    shown: [{ approver: example.approver, at: example.asked, page: 1 }],
    erased: [],
  },
)

export type ViewAnswer = Frozen<z.output<typeof viewAnswer>>

export type ShownViewAnswer = Frozen<z.output<typeof shownViewAnswer>>

export const requestList = component(
  'RequestList',
  z
    .object({
      requests: z.array(requestAnswer),
      cursor: z.string().optional().meta({ description: 'Where the next page starts. Absent after the last page.' }),
      until: anyInstant.optional().meta({
        description:
          'How far the list was read: when the last request that was looked at was made; of pending ones, when it expires. Absent after the last page.',
      }),
      newer: z.array(anyRequestId).optional().meta({
        description: 'Requests that only a newer version of the service can read, for app role Evidence.Read.',
      }),
    })
    .meta({ description: 'A page of a list of requests.' }),
  { requests: [requestExample] },
)

export type RequestList = Frozen<z.output<typeof requestList>>
