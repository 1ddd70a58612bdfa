import * as z from 'zod'
import { shards } from '../core/data/id.ts'
import { erasable } from '../core/request/erasure.ts'
import { tamperChecks } from '../core/request/event.ts'
import { component, type Frozen } from './component.ts'
import { example } from './example.ts'
import { anyCount, anyDay, anyHoldId, anyInstant, anyObjectId, anyRequestId, anySha256 } from './value.ts'

const leaf = z.string().meta({ description: 'The event exactly as it is hashed: canonical JSON (RFC 8785).' })

const event = component(
  'Event',
  z.object({
    leaf,
    hash: anySha256,
    index: anyCount.optional().meta({ description: 'In the log. Absent until the day is sealed.' }),
    sealed: z
      .object({ date: anyDay, number: anyCount })
      .optional()
      .meta({ description: 'The bundle that it is in. Absent until the day is sealed.' }),
    said: z
      .record(z.string(), z.object({ salt: z.string(), text: z.string() }))
      .meta({ description: 'What people wrote, by name, as far as it is not erased.' }),
    trace: z.string().optional().meta({ description: 'Of the call or the timer that caused it.' }),
  }),
)

export const eventList = component(
  'EventList',
  z
    .object({
      events: z.array(event),
      people: z.record(z.string(), z.string()).meta({
        description:
          'Names of the people in them, by object id: as recorded with a vote, or else as the directory has them now. A person whose recorded name was erased, or whom the directory does not tell, is absent.',
      }),
    })
    .meta({ description: 'The events of a request, oldest first.' }),
  {
    events: [
      {
        ...{ leaf: '{"actor":…}', hash: example.hash, index: 41, sealed: { date: example.day, number: 3 } },
        ...{ said: {}, trace: example.trace },
      },
    ],
    people: { [example.approver]: 'Dana Burke' },
  },
)

export type EventList = Frozen<z.output<typeof eventList>>

/** The media type of {@link eventList}'s other form. */
export const eventLines = z.string().meta({ description: 'The leaves, one a line.' })

export const proofList = component(
  'ProofList',
  z
    .object({
      proofs: z.array(
        component('Proof', z.object({ seq: anyCount, text: z.string().meta({ description: 'A C2SP tlog-proof.' }) })),
      ),
      unsealed: z.array(anyCount).meta({ description: 'The numbers of events whose day is not sealed yet.' }),
    })
    .meta({ description: 'Proofs that the events of a request are in the log.' }),
  { proofs: [{ seq: 41, text: 'c2sp.org/tlog-proof@v1\n…' }], unsealed: [42] },
)

const bundle = component(
  'Bundle',
  z.object({
    date: anyDay,
    number: anyCount,
    from: anyCount.meta({ description: 'The size of the log before the day.' }),
    to: anyCount.meta({ description: 'The size of the log after the day.' }),
    root: z
      .string()
      .meta({ description: 'The root of the log after the day, in base64. Empty if the checkpoint is missing.' }),
    records: anyCount,
    requests: anyCount.optional().meta({
      description:
        'Of the day, as its manifest says. Absent without a manifest that the next day, or the head of the log, names.',
    }),
    exceptions: anyCount.optional().meta({ description: 'As `requests`.' }),
    bytes: anyCount.meta({ description: 'The size of the zip.' }),
    sha256: anySha256.optional().meta({ description: 'Of the zip.' }),
  }),
)

export const bundleList = component(
  'BundleList',
  z
    .object({
      bundles: z.array(bundle),
      missing: z.array(z.object({ date: anyDay, what: z.enum(['seal', 'bundle', 'checkpoint', 'manifest']) })).meta({
        description:
          'What should be there and is not: the seal of a day that ended more than two hours ago; or a file of a sealed day, or a manifest that the next day names, with all before it.',
      }),
    })
    .meta({ description: 'The sealed days, oldest first, and what is missing of them.' }),
  {
    missing: [],
    bundles: [
      {
        ...{ date: example.day, number: 3, from: 12, to: 47, root: 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=' },
        ...{ records: 35, requests: 7, exceptions: 0, bytes: 48_213, sha256: example.hash },
      },
    ],
  },
)

/** Why a day has no rows. */
const missing = z.enum(['before-log', 'not-sealed', 'no-table']).optional().meta({
  description:
    'Present for a day without rows. before-log: the log began later. not-sealed: not yet; health tells of the present. no-table: an earlier version of the service sealed it, and its bundle has the evidence.',
})

/** For readers alone: nothing rests on these names. */
const names = z.record(z.string(), z.string()).meta({
  description:
    'Names of the people and agents in it, by object id, as the directory and the policy have them now. Absent for one whom neither knows.',
})

const daysOf = <Row extends z.ZodType>(row: Row) =>
  z.array(z.object({ date: anyDay, rows: z.array(row).optional(), missing })).meta({
    description: 'One element for each day of the range, oldest first, with `rows` or `missing`.',
  })

export const metricsAnswer = component(
  'Metrics',
  z
    .object({
      days: daysOf(
        component(
          'Metric',
          z.object({
            by: z.string().meta({ description: 'all, rule, agent or approver.' }),
            of: z.string().optional().meta({ description: 'The id of the rule, agent or approver. Absent for all.' }),
            metric: z.string(),
            value: anyCount.meta({ description: 'A count; milliseconds where the metric ends in a percentile.' }),
          }),
        ),
      ),
      names,
    })
    .meta({ description: 'The rows of metrics.csv of sealed days.' }),
  {
    days: [
      {
        date: example.day,
        rows: [
          { by: 'all', metric: 'edition', value: 1 },
          { by: 'approver', of: example.approver, metric: 'look-p50', value: 41_512 },
        ],
      },
      { date: '2026-03-05', missing: 'not-sealed' },
    ],
    names: { [example.approver]: 'Dana Burke' },
  },
)

export type MetricsAnswer = Frozen<z.output<typeof metricsAnswer>>

export const exceptionsAnswer = component(
  'Exceptions',
  z
    .object({
      days: daysOf(
        component(
          'Exception',
          z.object({
            index: anyCount.optional().meta({ description: 'In the log. Absent for what is about no event.' }),
            at: anyInstant,
            request: anyRequestId.optional(),
            kind: z.string().meta({ description: 'docs/evidence/bundle.md explains each.' }),
            actor: z.string().meta({ description: 'An object id, or policy, system.' }),
            action: z.string().optional(),
            detail: z.string().optional(),
          }),
        ),
      ),
      names,
    })
    .meta({ description: 'The rows of exceptions.csv of sealed days.' }),
  {
    days: [
      {
        date: example.day,
        rows: [
          {
            ...{ index: 41, at: example.approved, request: example.request, kind: 'hasty', actor: example.approver },
            ...{ action: 'db.export', detail: 'decided in 2.7 s' },
          },
        ],
      },
    ],
    names: { [example.approver]: 'Dana Burke' },
  },
)

export type BundleList = Frozen<z.output<typeof bundleList>>

export const erasureAnswer = component(
  'Erasure',
  z
    .object({
      request: anyRequestId,
      erased: z
        .array(z.object({ event: anySha256, names: z.array(z.enum(erasable)) }))
        .meta({ description: 'The events that lost a text, by hash. Empty where nothing was left.' }),
      waits: z
        .object({ askedBy: anyObjectId, names: z.array(z.enum(erasable)), until: anyInstant })
        .optional()
        .meta({ description: 'The ask that waits for another person to ask the same. Absent once that has happened.' }),
    })
    .meta({ description: 'What was erased, or what waits for a second person.' }),
  {
    ...{ request: example.request, erased: [] },
    waits: { askedBy: example.approver, names: ['reason'], until: example.later },
  },
)

const holdDone = z.object({
  by: anyObjectId,
  at: anyInstant,
  why: z.string().optional().meta({ description: 'Absent if the process that recorded it did not know it.' }),
})

export const holdAnswer = component(
  'Hold',
  z
    .object({
      hold: anyHoldId,
      scope: z
        .object({
          request: anyRequestId.optional(),
          agent: anyObjectId.optional(),
          from: anyDay.optional(),
          to: anyDay.optional(),
        })
        .meta({
          description: 'The requests that it covers: one, all of an agent, or all that were asked in a period.',
        }),
      held: holdDone,
      released: holdDone.optional().meta({ description: 'Absent while the hold is in force.' }),
    })
    .meta({ description: 'A hold: while it is in force, none of the texts of these requests is erased.' }),
  {
    ...{ hold: example.hold, scope: { from: '2026-01-01', to: '2026-03-31' } },
    held: { by: example.approver, at: example.asked, why: 'Case 4711: the regulator asked for it.' },
  },
)

export const holdList = component(
  'HoldList',
  z.object({ holds: z.array(holdAnswer), names }).meta({ description: 'Holds, oldest first.' }),
  { holds: [], names: {} },
)

export type HoldList = Frozen<z.output<typeof holdList>>

export type HoldAnswer = HoldList['holds'][number]

export type ExceptionsAnswer = Frozen<z.output<typeof exceptionsAnswer>>

export type ErasureAnswer = Frozen<z.output<typeof erasureAnswer>>

export const repairAnswer = component(
  'Repair',
  z
    .object({
      shard: z.enum(shards as readonly string[]),
      chain: z
        .object({
          from: anyCount,
          to: anyCount.meta({ description: 'The numbers of the events that the repair is about.' }),
          check: z.enum(tamperChecks),
          moved: anyCount.meta({ description: 'How many rows were taken out of the chain, and are kept beside it.' }),
          mended: z.array(anyCount).meta({ description: 'The numbers of events that hold again.' }),
          recorded: anyCount.meta({ description: 'The number of the event that records the repair.' }),
        })
        .optional()
        .meta({ description: 'What was done to the chain. Absent for one that held.' }),
      requests: z
        .array(
          z.object({
            request: anyRequestId,
            done: z.enum(['rebuilt', 'ended', 'removed']).meta({
              description:
                'ended: it was open, and nothing of it is granted any more. removed: no event is about it. rebuilt: it was closed, or waits for its report.',
            }),
          }),
        )
        .meta({ description: 'Requests whose rows were written anew. Empty where all held.' }),
    })
    .meta({ description: 'What a repair did.' }),
  {
    shard: '07',
    chain: { from: 8, to: 9, check: 'mac', moved: 1, mended: [8], recorded: 10 },
    requests: [{ request: example.request, done: 'ended' }],
  },
)

export const bundleFile = z.file().meta({ description: 'The evidence of the day, as a zip.' })

export const saidLines = z.string().meta({ description: 'What people wrote, as one JSON object a line.' })

export const checkpointNote = z.string().meta({ description: 'A C2SP tlog-checkpoint, signed.' })

export const cosignedNote = z
  .string()
  .meta({ description: 'The C2SP tlog-checkpoint of the day, signed by the log and cosigned by witnesses.' })
