import * as z from 'zod'
import { actionLimits } from '../core/action/action.ts'
import { flawInAddress } from '../core/action/flaw.ts'
import { keyPattern } from '../core/action/key.ts'
import { bounds } from '../core/data/bound.ts'
import { mostViewPages } from '../core/request/viewPage.ts'
import { grouped } from '../core/data/measure.ts'
import { type Hex, type Shard, shards } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import { erasable } from '../core/request/erasure.ts'
import { findings, verdicts } from '../core/request/event.ts'
import { results } from '../core/request/redemption.ts'
import { component } from './component.ts'
import { example } from './example.ts'
import { digest, environment, instant, objectId, requestId, ruled, target, verb, words } from './field.ts'

/** What operations take: these schemas parse the bodies, and the OpenAPI document is made from them. */

const { text, expiresIn, token } = bounds

const { canonicalBytes, depth, nodes, key } = actionLimits
const count = (amount: number): string => grouped(amount, { thousands: ',', point: '.' })

/** What a schema cannot say of `params`. docs/agents/digest.md says the same at length. */
const paramsRules = [
  'What the action is done with, exactly: the digest covers it, and approvers are shown all of it.',
  `Keys, at every depth: 1 to ${key} characters, not __proto__, none that a reader cannot see, no letters of scripts ` +
    'that look alike in one word, and no two in one object that look the same.',
  'Keys at the top that begin with countersign. are kept: countersign.run is what `countersign run` binds, an object ' +
    'with exactly path, args and cwd.',
  'Values: null, booleans, texts, arrays, objects, and numbers as RFC 7493 has them. An integer lies between ' +
    '-(2^53-1) and 2^53-1; any other number is written with the digits that come back from a double.',
  'To a param that the policy declares as optional, null means that it is not given. One that is required is not null.',
  `Sizes: ${depth} levels, ${count(nodes)} values, and ${count(canonicalBytes)} bytes for the whole action in ` +
    'canonical form (RFC 8785). Something larger is sent by its digest: an object with sha256 (64 lower-case hex ' +
    'digits), size (bytes), and if wanted href (an https address) and begins (how the text begins).',
].join('\n\n')

/** A rule, with the number that was found. */
const given = (rule: string) => ({ error: ({ input }: { input?: unknown }) => `${rule}, and this is ${String(input)}` })

/** What a note of a person or a summary of an agent is allowed to be, with what it is for. */
const note = (purpose: string) =>
  words(0, text.words)
    .optional()
    .meta({ description: `${purpose} No control characters but tab, newline, and carriage return before newline.` })

const redemption = z.guid('is a uuid chosen by the executor').transform((text) => text.toLowerCase())

const link = z.strictObject({
  title: words(1, text.linkTitle)
    .refine((text) => !/[\n\t]/.test(text), 'is one line, without tabs')
    .meta({ description: 'The words of the link: one line.' }),
  url: ruled(flawInAddress).meta({
    format: 'uri',
    maxLength: text.linkUrl,
    pattern: '^[Hh][Tt][Tt][Pp][Ss]://[!-~]+$',
    description: 'An https address with the full name of a host, in ASCII, without a user.',
  }),
})

const { standing } = bounds

const scopeItem = z.union([z.string().min(1, 'is not empty').max(actionLimits.target), z.number()])

const varied = z
  .strictObject({
    target: z
      .string()
      .min(2, 'is the beginning of a target')
      .max(actionLimits.target, `has at most ${actionLimits.target} characters`)
      .optional()
      .meta({
        description: 'How the target of a use begins. It ends with a slash, and no part behind it leads away.',
      }),
    params: z
      .record(
        z.string(),
        z.union([
          z.number().min(0, 'is not negative'),
          z.array(scopeItem).min(1, 'has a value').max(standing.values, `has at most ${standing.values} values`),
        ]),
      )
      .optional()
      .meta({
        description:
          'By the name of a param: the most that its number may be, from 0 on; or the values of which it may be one, or some.',
      }),
  })
  .meta({ description: 'In what uses may differ from the action of the ask. In everything else they are equal.' })

const standingBody = z
  .strictObject({
    uses: z
      .int('is a whole number')
      .min(1, 'is at least 1')
      .max(standing.uses, given(`is at most ${standing.uses}`)),
    for: z
      .int('is whole seconds')
      .min(standing.least, given(`is at least ${standing.least} seconds`))
      .max(standing.seconds, given(`is at most ${count(standing.seconds)} seconds`)),
    vary: varied.prefault({}),
  })
  .meta({ description: 'Asks for a standing approval: so many actions like this one, for so many seconds.' })

export const askBody = component(
  'AskBody',
  z
    .strictObject({
      action: verb,
      target,
      environment,
      params: z
        .record(z.string(), z.unknown(), 'is an object')
        // Bodies are read by the strict JSON reader, which makes nothing else.
        .transform((params) => params as JsonObject)
        .prefault({})
        .meta({ propertyNames: { type: 'string', pattern: keyPattern }, description: paramsRules }),
      reason: words(1, text.reason, 'put the rest behind an address in links'),
      executor: objectId.optional().meta({
        description: 'The object id of the agent that will redeem, if it is another one. Its registration names it.',
      }),
      onBehalfOf: objectId
        .optional()
        .meta({ description: 'The object id of the person for whom the agent asks. This person may not approve.' }),
      links: z
        .array(link)
        .max(text.links, `has at most ${text.links} links: put the most important first, and leave out the rest`)
        .default([])
        .meta({ description: 'Where approvers can read more.' }),
      expiresIn: z
        .int('is whole seconds')
        .min(expiresIn.least, given(`is at least ${expiresIn.least} seconds`))
        .max(expiresIn.most, given(`is at most ${count(expiresIn.most)} seconds`))
        .default(expiresIn.otherwise)
        .meta({ description: 'Seconds until the request expires, if nobody decides. A rule may allow less.' }),
      standing: standingBody.optional().meta({
        description: 'Asks for a standing approval. The action is then the sample that people see.',
      }),
      under: requestId.optional().meta({
        description:
          'The id of a standing approval: what lies in it is approved at once, and nobody is asked. Not beside standing. ' +
          'The same idempotency key without it, or with another, is answered with the request that it made.',
      }),
      redemption: redemption.optional().meta({
        description:
          'A UUID of this attempt, chosen by the agent. What policy alone allows, and the agent executes itself, is ' +
          'redeemed with it by the same call: then `next` is `execute`. The same idempotency key may come with another.',
      }),
    })
    .meta({ description: 'An action that an agent wants to do, exactly as it would do it, and why.' }),
  {
    action: 'db.export',
    target: 'prod/postgres/customers',
    environment: 'production',
    params: { tables: ['accounts'], rows: 120_000 },
    reason: 'Quarterly churn report for finance, ticket FIN-881',
    expiresIn: 3600,
  },
)

export const dryAskBody = component(
  'DryAskBody',
  askBody
    .omit({ redemption: true, under: true })
    .extend({
      agent: objectId.meta({ description: 'The object id of the agent that would ask.' }),
      reason: askBody.shape.reason.optional(),
      at: instant.optional().meta({ description: 'When the ask is judged: now, if absent.' }),
    })
    .meta({ description: 'An ask to be tried: nothing is recorded, and no person is told.' }),
  {
    agent: 'b0000000-0000-4000-8000-000000000001',
    action: 'db.export',
    target: 'prod/postgres/customers',
    environment: 'production',
    params: { tables: ['accounts'], rows: 120_000 },
  },
)

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is 64 lower-case hex digits')
  .transform((text) => text as Hex)

/** What an act rests on. */
const subject = {
  view: digest.optional().meta({ description: 'The view that was shown to this person, as `views` answers it.' }),
  digest: digest.optional().meta({ description: 'The digest of the action, if the person was shown no view.' }),
  content: sha256.optional().meta({
    description:
      'Beside digest: `content` of the request that the person read. Required once a question was answered, or the request was made smaller.',
  }),
}

type Subject = Readonly<{ [Name in keyof typeof subject]?: unknown }>

/** Lets a body through that names a view or a digest, and not both. */
const resting = <T extends z.ZodType<Subject>>(schema: T, description: string) =>
  schema
    .refine(({ view, digest }) => view !== undefined || digest !== undefined, {
      error: 'is required: the view that was shown, or digest in its place',
      path: ['view'],
    })
    .refine(({ view, digest }) => view === undefined || digest === undefined, {
      error: 'does not stand beside view',
      path: ['digest'],
    })
    .refine(({ view, content }) => view === undefined || content === undefined, {
      error: 'does not stand beside view, which has it',
      path: ['content'],
    })
    .meta({ description, oneOf: [{ required: ['view'] }, { required: ['digest'] }] })

const confirm = words(0, actionLimits.target)
  .optional()
  .meta({ description: 'The last part of the target, which tier high and breaking the glass ask to be typed.' })

export const decisionBody = component(
  'DecisionBody',
  resting(
    z.strictObject({
      verdict: z.enum(verdicts, 'is approve or deny').meta({ description: 'One denial closes the request.' }),
      reason: note('Why: others will read it. A denial in Teams needs one.'),
      ...subject,
      confirm,
    }),
    'A vote, and what it rests on: the view that the person was shown, or else the digest.',
  ),
  { verdict: 'approve', view: `sha256:${'0'.repeat(64)}` },
)

export const questionBody = component(
  'QuestionBody',
  resting(
    z.strictObject({ question: words(1, text.words), ...subject }),
    'A question to the side that asks, and what it rests on. It decides nothing.',
  ),
  { question: 'Why are all rows needed?', view: `sha256:${'0'.repeat(64)}` },
)

export const answerBody = component(
  'AnswerBody',
  z
    .strictObject({
      question: sha256.meta({ description: '`id` of the question.' }),
      answer: words(1, text.answer),
    })
    .meta({ description: 'What the side that asks answers. Approvals from before it count no more.' }),
  { question: example.hash, answer: 'The auditors want all of them: FIN-881.' },
)

export const narrowBody = component(
  'NarrowBody',
  resting(
    z
      .strictObject({
        params: z
          .record(z.string(), z.unknown(), 'is an object')
          // Bodies are read by the strict JSON reader, which makes nothing else.
          .transform((params) => params as JsonObject)
          .optional()
          .meta({ description: 'By the name of a param: the lower number, or the items that are left of the list.' }),
        uses: z.number().optional().meta({ description: 'Of a standing approval: the fewer uses.' }),
        for: z.number().optional().meta({ description: 'Of a standing approval: the fewer seconds.' }),
        reason: note('Why: others will read it.'),
        ...subject,
      })
      .refine(
        ({ params, uses, for: seconds }) => (params === undefined) === (uses !== undefined || seconds !== undefined),
        {
          error: 'is required: what is left, or of a standing approval uses or for in its place',
          path: ['params'],
        },
      ),
    'What is left of the action, and what the person was shown. It decides nothing: all who approved look again.',
  ),
  { params: { rows: 10_000 }, view: `sha256:${'0'.repeat(64)}`, reason: 'A tenth is enough.' },
)

export const breakGlassBody = component(
  'BreakGlassBody',
  resting(
    z.strictObject({ reason: words(1, text.words), ...subject, confirm }),
    'That one person approves alone in an emergency, and why. Another person has to review it afterwards.',
  ),
  { reason: 'The site is down.', view: `sha256:${'0'.repeat(64)}`, confirm: 'customers' },
)

export const glassReviewBody = component(
  'GlassReviewBody',
  z
    .strictObject({
      finding: z.enum(findings, 'is justified or unjustified').meta({ description: 'Whether the emergency was one.' }),
      reason: words(1, text.words),
    })
    .meta({ description: 'What another person thinks of it that somebody broke the glass.' }),
  { finding: 'justified', reason: 'The site was down, and the restart brought it back.' },
)

export const viewBody = component(
  'ViewBody',
  z
    .strictObject({
      page: z
        .int('is the number of a page')
        .min(1, 'is the number of a page')
        .max(mostViewPages, `is at most ${mostViewPages}`)
        .default(1)
        .meta({ description: 'A page after the last one is answered with the last one.' }),
    })
    .meta({ description: 'Which page of the request to be shown.' }),
  { page: 1 },
)

export const reasonBody = component(
  'ReasonBody',
  z
    .strictObject({ reason: note('Why: others will read it.') })
    .meta({ description: 'Why a request is withdrawn, or an approval taken back.' }),
  { reason: 'The release was postponed.' },
)

export const redeemBody = component(
  'RedeemBody',
  z
    .strictObject({
      grant: z
        .string()
        .max(token.grant, `has at most ${token.grant} characters`)
        .meta({ description: '`grant.token` of the approved request.' }),
      digest: digest.meta({ description: 'Computed by the executor from what it is about to execute.' }),
      redemption: redemption.meta({
        description: 'A UUID of this one execution. A repeated call with the same one gets the same answer.',
      }),
    })
    .meta({ description: 'The claim of a grant, right before the action is executed.' }),
  { grant: example.grant, digest: example.digest, redemption: example.redemption },
)

export const outcomeBody = component(
  'OutcomeBody',
  z
    .strictObject({
      result: z.enum(results, 'is succeeded or failed').meta({ description: 'Whether the action took effect.' }),
      summary: note('What happened.'),
      output: z
        .strictObject({
          sha256,
          size: z.int('is a whole number of bytes').min(0, 'is not negative'),
        })
        .optional()
        .meta({ description: 'The digest and size in bytes of what was produced, which stays with the executor.' }),
    })
    .meta({ description: 'What became of the execution.' }),
  { result: 'succeeded', summary: '1200 rows', output: { sha256: example.hash, size: 48_213 } },
)

export const erasureBody = component(
  'ErasureBody',
  z
    .strictObject({
      /** Parsed after the whole body: an id that names nothing is `not-found`, and no fault of the body. */
      request: z.string().max(64, 'is the id of a request').meta({ description: 'The id of a closed request.' }),
      names: z
        .array(z.enum(erasable, `is one of ${erasable.join(', ')}`))
        .min(1, 'names at least one text')
        .refine((names) => new Set(names).size === names.length, 'names each text once')
        .meta({ description: 'The texts to be erased, by name.' }),
      why: words(1, text.words),
    })
    .meta({ description: 'Texts of a request to be erased. This happens once two people ask for the same.' }),
  { request: example.request, names: ['reason'], why: 'The reason names a customer.' },
)

const holdScope = z
  .strictObject({
    /** Parsed after the whole body, as in an erasure. */
    request: z.string().max(64, 'is the id of a request').optional().meta({ description: 'The id of a request.' }),
    agent: objectId.optional().meta({ description: 'The object id of an agent: all that it asks for.' }),
    from: z.string().max(10, 'is a date as 2026-01-31').optional().meta({
      description: 'The first day (UTC) of a period: all that was asked in it.',
    }),
    to: z.string().max(10, 'is a date as 2026-01-31').optional().meta({
      description: 'The last day of the period.',
    }),
  })
  .refine(({ request, agent, from }) => [request, agent, from].filter((one) => one !== undefined).length === 1, {
    error: 'is exactly one of request, agent, and a period with from and to',
  })
  .refine(({ from, to }) => (from === undefined) === (to === undefined), {
    error: 'has both from and to for a period',
  })
  .refine(({ from = '', to = '' }) => from <= to, {
    error: 'has a period whose first day, from, is not after the last, to',
  })
  .meta({
    description: 'What is put on hold: one request, all of an agent, or all that was asked in a period.',
    oneOf: [{ required: ['agent'] }, { required: ['request'] }, { required: ['from', 'to'] }],
  })

export const holdBody = component(
  'HoldBody',
  z
    .strictObject({ scope: holdScope, why: words(1, text.words) })
    .meta({ description: 'Which requests are put on hold, so that none of their texts is erased, and why.' }),
  { scope: { from: '2026-01-01', to: '2026-03-31' }, why: 'Case 4711: the regulator asked for it.' },
)

export const releaseBody = component(
  'ReleaseBody',
  z.strictObject({ why: words(1, text.words) }).meta({ description: 'Why a hold is released.' }),
  { why: 'Case 4711 is closed.' },
)

/** Requests that one repair looks at in addition, at most. */
const mostNamed = 100

export const repairBody = component(
  'RepairBody',
  z
    .strictObject({
      shard: z
        .enum(shards as readonly string[], 'is a shard, 00 to 0f')
        .transform((text) => text as Shard)
        .meta({ description: 'The part of the ledger to be repaired: the end of its request ids.' }),
      why: words(1, text.words),
      /** Looked at in addition: closed ones whose day is sealed. Parsed after the whole body, as in an erasure. */
      requests: z
        .array(z.string().max(64, 'is the id of a request'))
        .max(mostNamed, `has at most ${mostNamed} requests`)
        .default([])
        .meta({ description: 'Ids of closed requests to be looked at in addition.' }),
    })
    .meta({ description: 'A part of the ledger whose rows were changed from outside, and why it is repaired.' }),
  { shard: '07', why: 'INC-2041: an access key of the storage account had leaked.' },
)
