import { randomUUID } from 'node:crypto'
import type { BrokenCode } from '../../src/core/data/broken.ts'
import { type Digest, type Hex, sha256 } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { bundleFiles } from '../../src/core/log/bundleFiles.ts'
import type { Manifest } from '../../src/core/log/manifest.ts'
import { viewDigest } from '../../src/core/request/view.ts'
import type { Check } from '../../src/verify/finding.ts'
import { bot, dba, dba2, oid, owner, security } from '../support/build.ts'
import type { Told, Unsigned } from '../support/retelling.ts'
import { type Ref, reworded, shifted, type Story } from '../support/story.ts'

/** What shows a lie: a check of the verifier, or nothing but a checkpoint that somebody kept, or nothing at all. */
type Shown = { readonly check: Check; readonly code: BrokenCode } | 'checkpoint' | 'nothing'

/** A lie about what happened, told by the holder of the log's key. */
export interface EventLie {
  /** The first cell of its row in docs/evidence/lies.md. */
  readonly row: string
  readonly lie: string
  readonly shown: Shown
  tell(story: Story): unknown
}

type Lies = readonly (readonly [lie: string, shown: Shown, tell: (story: Story) => unknown])[]

const rules = { check: 'rules', code: 'illegal-event' } as const
const policy = { check: 'policy', code: 'against-policy' } as const
const records = { check: 'records', code: 'bad-record' } as const
const chain = { check: 'records', code: 'broken-chain' } as const
const manifest = { check: 'manifest', code: 'bad-manifest' } as const
const sums = { check: 'manifest', code: 'wrong-counts' } as const
const counts = { check: 'tables', code: 'wrong-counts' } as const
const table = { check: 'tables', code: 'wrong-table' } as const
const carried = { check: 'carried', code: 'bad-carried' } as const
const series = { check: 'manifest', code: 'broken-series' } as const
const followed = { check: 'carried', code: 'broken-series' } as const

const tenth = '2026-03-06T10:00:00.000Z'

/** A vote to approve what was asked for, and the approval that follows from it. */
function approves(story: Story, asked: Ref, at: string, person: string = dba): readonly Told[] {
  const { request, shard } = story.copy(asked)
  const [vote, approved] = [story.copy('0e/3 decided'), story.copy('0e/4 approved')]
  const actor = { kind: 'person', id: person }
  const facts = { ...(vote.data?.['facts'] as object), asOf: at, accounts: [person] }
  const lapsesAt = shifted({ ...approved, at }, 3600).at
  return [
    { ...vote, ...{ request, shard, at, actor }, data: { ...vote.data, facts, content: story.hash(asked) } },
    { ...approved, ...{ request, shard, at, actor }, data: { by: 'quorum', lapsesAt } },
  ] as Told[]
}

/** An event of another request, as if it had happened to this one. */
const alike = (story: Story, ref: Ref, asked: Ref, at: string, data: object = {}): Told => {
  const [event, { request, shard }] = [story.copy(ref), story.copy(asked)]
  return { ...event, request, shard, at, ...(event.data && { data: { ...event.data, ...data } }) } as Told
}

/** The redemption of a request that had none. */
const redeems = (story: Story, asked: Ref, at: string): Told =>
  alike(story, '02/7 redeemed', asked, at, { redemption: randomUUID(), digest: story.copy(asked).data?.['digest'] })

/** Takes the first row out of a file whose line has these texts. */
function withoutRow(files: Unsigned, name: string, ...texts: readonly string[]): void {
  const lines = String(files.get(name)).split(/(?<=\n)/)
  const place = lines.findIndex((line) => texts.every((text) => line.includes(text)))
  if (place < 0) throw new Error(`${name} has no row with ${texts.join()}.`)
  files.set(name, lines.toSpliced(place, 1).join(''))
}

const without =
  (...refs: readonly Ref[]) =>
  (story: Story) =>
    story.without(...refs)

const counted = (of: Manifest, more: Partial<Manifest['counts']>): Manifest => ({
  ...of,
  counts: { ...of.counts, ...more },
})

const needed: Lies = [
  ['the ask itself', carried, without('07/2 requested')],
  ['the ask, on the day of what followed', carried, without('02/2 requested')],
  ['the vote of an approval', rules, without('02/5 decided')],
  ['a vote of the day before', rules, without('07/3 decided')],
  ['the approval that a vote completes', rules, without('00/6 approved')],
  ['the end that a denial leads to', rules, without('01/6 denied')],
  ['what a voter was shown', rules, without('01/4 shown')],
  ['the redemption before a report', rules, without('00/7 redeemed')],
  ['the denial of a request that lost texts', rules, without('01/5 decided', '01/6 denied')],
  ['the first of two asks to erase', rules, without('01/10 erasure-asked')],
  ['the question of an answer', rules, without('0c/3 asked')],
  ['the answer before a vote', rules, without('0c/4 answered')],
  ['the escalation before a vote of a group that joined', rules, without('0c/6 escalated')],
  ['the broken glass of an approval', rules, without('0c/10 glass-broken')],
  [
    'a deadline before a vote',
    rules,
    (story) =>
      story
        .without('0b/3 expired')
        .behind('0b/2 requested', ...approves(story, '0b/2 requested', '2026-03-06T11:00:00.000Z')),
  ],
  [
    'a lapse before a redemption',
    rules,
    (story) =>
      story
        .without('03/9 lapsed')
        .behind('03/8 policy-changed', redeems(story, '03/2 requested', '2026-03-05T03:00:00.000Z')),
  ],
]

/** All of the request that people talked of, from the question on. */
const talkedOf = (story: Story) => {
  const { request } = story.copy('0c/2 requested')
  return (event: Told) => event.request === request && event.type !== 'requested'
}

const silent: Lies = [
  ['a look without a vote', 'checkpoint', without('01/3 shown')],
  ['a denial', 'checkpoint', without('0d/3 decided', '0d/4 denied')],
  ['a refused attempt', 'checkpoint', without('02/4 refused')],
  ['a redemption with its report', 'checkpoint', without('0a/6 redeemed', '0a/7 succeeded')],
  ['a report', 'checkpoint', without('02/8 succeeded')],
  ['that no report came', 'checkpoint', without('04/8 unreported')],
  ['a withdrawal', 'checkpoint', without('06/5 cancelled')],
  ['a revocation', 'checkpoint', without('05/5 revoked')],
  ['that a request passed its deadline', 'checkpoint', without('00/11 expired')],
  ['that an approval lapsed', 'checkpoint', without('0e/5 lapsed')],
  ['that nobody could be told', 'checkpoint', without('09/3 undeliverable')],
  ['a reminder', 'checkpoint', without('0c/5 reminded')],
  ['a review', 'checkpoint', without('0c/12 reviewed')],
  ['that nobody reviewed', 'checkpoint', (story) => story.withoutAll(({ type }) => type === 'unreviewed')],
  ['a question with its answer, and the vote after it', 'checkpoint', (story) => story.withoutAll(talkedOf(story))],
  ['a download', 'checkpoint', without('00/12 exported')],
  ['a repair', 'checkpoint', without('03/10 tampered')],
  ['an erasure, where the said files are not given', 'checkpoint', without('01/12 erased', '01/13 erased')],
]

const unannounced: Lies = [
  ['before an ask under the new one', rules, without('00/9 policy-changed')],
  ['before a vote that rests on the new lists', policy, without('07/4 policy-changed')],
  ['before what no policy decides', 'checkpoint', without('03/8 policy-changed')],
]

const moved: Lies = [
  [
    'a vote to another request',
    rules,
    (story) => {
      const { request } = story.copy('01/2 requested')
      story.without('01/5 decided', '01/6 denied').change('01/8 decided', { request: request as string })
    },
  ],
  [
    'a look behind the vote that rests on it',
    rules,
    (story) => {
      const look = story.copy('01/4 shown')
      story.without('01/4 shown').behind('01/6 denied', look)
    },
  ],
  ['two votes in the other order', rules, (story) => inTurn(story)],
]

/** Lets two people have voted in the other order, each at the time of the other. */
function inTurn(story: Story): Story {
  const [first, second] = [story.copy('00/4 decided'), story.copy('00/5 decided')]
  const to = (event: Told, { at }: Told) => ({
    at,
    data: { facts: { ...(event.data?.['facts'] as object), asOf: at } },
  })
  return story
    .swap('00/4 decided', '00/5 decided')
    .change('00/4 decided', to(first, second))
    .change('00/5 decided', to(second, first))
}

const misplaced: Lies = [
  ['an event in another shard', records, (story) => story.change('01/8 decided', { shard: '02' })],
  [
    'two shards in each other’s place',
    records,
    (story) =>
      story.changeAll((event) => ({ ...event, shard: { '02': '04', '04': '02' }[event.shard] ?? event.shard })),
  ],
  ['an event of another day', records, (story) => story.change('02/8 succeeded', { at: '2026-03-07T09:04:00.000Z' })],
  [
    'an event on another day than it is dated',
    records,
    (story) => story.onDay(8, story.copy('0e/5 lapsed')).without('0e/5 lapsed'),
  ],
]

const impossible: Lies = [
  [
    'a second redemption',
    rules,
    (story) => story.behind('00/7 redeemed', redeems(story, '00/2 requested', '2026-03-04T12:07:00.000Z')),
  ],
  ['a second report', rules, (story) => story.behind('00/8 succeeded', story.copy('00/8 succeeded'))],
  [
    'an approval after a denial',
    rules,
    (story) => story.behind('0d/4 denied', ...approves(story, '0d/2 requested', tenth)),
  ],
  [
    'an approval of what had expired',
    rules,
    (story) => story.behind('0b/3 expired', ...approves(story, '0b/2 requested', '2026-03-06T12:00:00.000Z')),
  ],
  [
    'an approval after a withdrawal',
    rules,
    (story) => story.behind('06/5 cancelled', ...approves(story, '06/2 requested', tenth)),
  ],
  [
    'a redemption without an approval',
    rules,
    (story) => story.behind('0b/2 requested', redeems(story, '0b/2 requested', tenth)),
  ],
  [
    'a redemption after a lapse',
    rules,
    (story) => story.behind('0e/5 lapsed', redeems(story, '0e/2 requested', '2026-03-07T12:00:00.000Z')),
  ],
  [
    'a redemption after a revocation',
    rules,
    (story) => story.behind('05/5 revoked', redeems(story, '05/2 requested', '2026-03-04T12:10:00.000Z')),
  ],
  [
    'a redemption of what policy denied',
    rules,
    (story) => story.behind('03/7 denied', redeems(story, '03/6 requested', '2026-03-04T12:07:00.000Z')),
  ],
  [
    'an approval by policy alone where people decide',
    rules,
    (story) =>
      story
        .without('0e/3 decided')
        .change('0e/4 approved', { actor: { kind: 'policy' }, data: { by: 'policy', rules: [] } }),
  ],
  ['a second answer', rules, (story) => story.behind('0c/4 answered', story.copy('0c/4 answered'))],
  ['a second question of one person', rules, (story) => story.behind('0c/3 asked', story.copy('0c/3 asked'))],
  [
    'an answer of an approver',
    rules,
    (story) => story.change('0c/4 answered', reworded(story.copy('0c/4 answered'), owner, dba2)),
  ],
  ['a reminder before its time', rules, (story) => story.change('0c/5 reminded', { at: '2026-03-04T12:20:00.000Z' })],
  ['a reminder again', rules, (story) => story.behind('0c/5 reminded', story.copy('0c/5 reminded'))],
  [
    'an escalation before its time',
    rules,
    (story) => story.change('0c/6 escalated', { at: '2026-03-04T12:30:00.000Z' }),
  ],
  ['an escalation to others', rules, (story) => story.change('0c/6 escalated', { data: { groups: ['oncall'] } })],
  [
    'a broken glass of what was asked for without one',
    rules,
    (story) => {
      const [broken, approved] = [story.copy('0c/14 glass-broken'), story.copy('0c/15 approved')]
      const { request, shard } = story.copy('0e/2 requested')
      const at = '2026-03-07T10:01:00.000Z'
      const to = { request, shard, at } as Partial<Told>
      story.behind('0e/2 requested', { ...broken, ...to }, { ...approved, ...to })
    },
  ],
  [
    'a review by who broke the glass',
    rules,
    (story) => story.change('0c/12 reviewed', reworded(story.copy('0c/12 reviewed'), dba, security)),
  ],
  ['a second review', rules, (story) => story.behind('0c/12 reviewed', story.copy('0c/12 reviewed'))],
  [
    'a later time for the review',
    rules,
    (story) => story.change('0c/14 glass-broken', { data: { reviewBy: '2026-03-05T12:52:00.000Z' } }),
  ],
  ['the same ask again', rules, (story) => story.behind('0b/2 requested', story.copy('0b/2 requested'))],
  ['an ask by a person', rules, (story) => story.change('0b/2 requested', { actor: { kind: 'person', id: dba } })],
  ['a deadline that had not passed', rules, (story) => story.change('0b/3 expired', { at: tenth })],
  [
    'a deadline that a person lets pass',
    rules,
    (story) => story.change('0b/3 expired', { actor: { kind: 'person', id: dba } }),
  ],
  ['a void vote without the vote that completes', rules, without('07/6 decided')],
  [
    'a refusal of an agent that may not know of it',
    rules,
    (story) => story.change('02/4 refused', { actor: { kind: 'agent', id: oid(99) } }),
  ],
  ['a refusal that is recorded already', rules, (story) => story.behind('02/4 refused', story.copy('02/4 refused'))],
  [
    'a download in another shard',
    rules,
    (story) => story.behind('01/11 lapsed', { ...story.copy('00/12 exported'), shard: '01' }),
  ],
  [
    'a download of a day that was not over',
    rules,
    (story) => story.change('00/12 exported', { data: { date: '2026-03-06' } }),
  ],
  ['a download twice in an hour', rules, (story) => story.behind('00/12 exported', story.copy('00/12 exported'))],
  ['a repair by the service itself', rules, (story) => story.change('03/10 tampered', { actor: { kind: 'system' } })],
  [
    'a change of policy from another one',
    rules,
    (story) => story.change('0a/5 policy-changed', { data: { from: `sha256:${'b'.repeat(64)}` } }),
  ],
  [
    'a change of policy by a person',
    rules,
    (story) => story.change('0a/5 policy-changed', { actor: { kind: 'person', id: dba } }),
  ],
  [
    'a vote before its request, in time',
    rules,
    (story) => story.change('02/5 decided', { at: '2026-03-06T09:00:00.000Z' }),
  ],
  [
    'another day in the middle of a shard',
    rules,
    (story) => story.change('02/7 redeemed', { at: '2026-03-06T09:05:00.000Z' }),
  ],
]

const unasked: Lies = [
  [
    'of a request of which nobody had asked it',
    rules,
    (story) => story.behind('0d/4 denied', alike(story, '01/12 erased', '0d/2 requested', tenth)),
  ],
  [
    'by the person who asked for it',
    rules,
    (story) => story.change('01/12 erased', { actor: { kind: 'person', id: oid(62) }, data: { accounts: [oid(62)] } }),
  ],
]

const invented: Lies = [
  [
    'an approval by an approver who never voted',
    'checkpoint',
    (story) =>
      story
        .without('0b/3 expired')
        .behind('0b/2 requested', ...approves(story, '0b/2 requested', '2026-03-06T09:30:00.000Z')),
  ],
  [
    'a redemption that nobody made',
    'checkpoint',
    (story) => story.change('01/11 lapsed', redeems(story, '01/7 requested', tenth)),
  ],
  [
    'a refusal of what nobody tried',
    'checkpoint',
    (story) =>
      story.behind(
        '0e/2 requested',
        alike(story, '02/4 refused', '0e/2 requested', '2026-03-07T10:00:00.000Z', { code: 'digest-mismatch' }),
      ),
  ],
  [
    'a look that nobody took',
    'checkpoint',
    (story) =>
      story.behind(
        '0d/2 requested',
        alike(story, '01/3 shown', '0d/2 requested', '2026-03-06T09:06:00.000Z', viewOf(story, '0d/2 requested')),
      ),
  ],
  [
    'a download that nobody made',
    'checkpoint',
    (story) =>
      story.behind('00/13 exported', { ...story.copy('00/13 exported'), actor: { kind: 'person', id: security } }),
  ],
  [
    'a repair that nobody made',
    'checkpoint',
    (story) =>
      story.behind('0e/5 lapsed', { ...story.copy('03/10 tampered'), shard: '0e', at: '2026-03-07T13:00:00.000Z' }),
  ],
]

/** What a person was shown of a request that has no warnings. */
function viewOf(story: Story, asked: Ref) {
  const content = story.hash(asked)
  const template = story.copy('01/3 shown').data?.['template'] as Hex
  return { content, view: viewDigest({ content, template, warnings: [] }) }
}

const isOf = (story: Story, asked: Ref) => {
  const { request } = story.copy(asked)
  return (event: Told) => event.request === request
}

const gone: Lies = [
  ['a request that ended', 'checkpoint', (story) => story.withoutAll(isOf(story, '0d/2 requested'))],
  ['a request over two days', 'checkpoint', (story) => story.withoutAll(isOf(story, '04/2 requested'))],
  ['the last events of a shard', 'checkpoint', without('0e/3 decided', '0e/4 approved', '0e/5 lapsed')],
  [
    'all events of a day, and what follows from them',
    'checkpoint',
    (story) => story.withoutAll(({ at, shard }) => at > '2026-03-06' && (at < '2026-03-07' || shard < '05')),
  ],
  [
    'all events of a day that later ones follow from',
    carried,
    (story) => story.withoutAll(({ at }) => at.startsWith('2026-03-06')),
  ],
]

const redated: Lies = [
  [
    'a report a day later',
    'checkpoint',
    (story) =>
      story.onDay(7, { ...story.copy('02/8 succeeded'), at: '2026-03-07T09:00:00.000Z' }).without('02/8 succeeded'),
  ],
  [
    'a request an hour earlier',
    'checkpoint',
    (story) => story.changeAll((event) => (event.shard === '08' ? shifted(event, -3600) : event)),
  ],
  [
    'a request before the first day of the log',
    'checkpoint',
    (story) => story.changeAll((event) => (event.shard === '05' ? shifted(event, -86_400) : event)),
  ],
  [
    'a late vote in time',
    'checkpoint',
    (story) =>
      story.changeAll((event) =>
        event.shard === '0e' && event.seq > 2 && event.seq < 5 ? shifted(event, -120) : event,
      ),
  ],
]

const renumbered: Lies = [
  ['a number that is left out', manifest, (story) => story.change('02/5 decided', { skips: 1 })],
  [
    'a number that is left out, and a manifest that says how many records there are',
    chain,
    (story) =>
      story
        .change('0e/3 decided', { skips: 1 })
        .edit(7, (of) => ({ ...of, shards: { ...of.shards, '0e': { ...cutOf(of, '0e'), to: 5 } } })),
  ],
  [
    'the end of a shard in another',
    chain,
    (story) =>
      story.edit(7, (of) => ({
        ...of,
        shards: { ...of.shards, '0e': { ...cutOf(of, '0e'), head: cutOf(of, '04').head } },
      })),
  ],
]

const cutOf = (of: Manifest, shard: string) => {
  const cut = of.shards[shard]
  if (!cut) throw new Error(`There is no shard ${shard}.`)
  return cut
}

const policyAfter: Lies = [
  [
    'the old policy after the day on which it changed',
    policy,
    (story) =>
      story.edit(5, (of) => ({
        ...of,
        shards: { ...of.shards, '00': { ...cutOf(of, '00'), policyTo: cutOf(of, '00').policyFrom as Digest } },
      })),
  ],
]

const altered: Lies = [
  [
    'a denial into an approval, by its outcome alone',
    rules,
    (story) => story.change('0d/4 denied', approves(story, '0d/2 requested', '2026-03-06T09:06:00.000Z')[1] as Told),
  ],
  [
    'a denial into an approval, by its vote alone',
    rules,
    (story) => story.change('0d/3 decided', { data: { verdict: 'approve' } }),
  ],
  ['who approved', rules, (story) => story.change('00/6 approved', { actor: { kind: 'person', id: dba } })],
  ['who redeemed', rules, (story) => story.change('00/7 redeemed', { actor: { kind: 'agent', id: bot } })],
  ['who reported', rules, (story) => story.change('00/8 succeeded', { actor: { kind: 'agent', id: bot } })],
  [
    'the action that was asked for',
    rules,
    (story) => story.change('00/2 requested', { data: { digest: `sha256:${sha256('another')}` } }),
  ],
  [
    'the action that was redeemed',
    rules,
    (story) => story.change('00/7 redeemed', { data: { digest: `sha256:${sha256('another')}` } }),
  ],
  [
    'the view that was shown',
    rules,
    (story) => story.change('00/3 shown', { data: { view: `sha256:${sha256('another')}` } }),
  ],
  [
    'the content that was shown',
    rules,
    (story) => story.change('00/3 shown', { data: { content: sha256('another') } }),
  ],
  ['the content of a vote', rules, (story) => story.change('00/5 decided', { data: { content: sha256('another') } })],
  [
    'the view of a vote',
    rules,
    (story) => story.change('00/4 decided', { data: { view: `sha256:${sha256('another')}` } }),
  ],
  ['the door of a vote', rules, (story) => story.change('00/5 decided', { data: { via: 'api' } })],
  [
    'when an approval lapses',
    rules,
    (story) => story.change('00/6 approved', { data: { lapsesAt: '2026-03-05T12:06:00.000Z' } }),
  ],
  [
    'whom the facts of a vote are about',
    rules,
    (story) => story.change('00/5 decided', { actor: { kind: 'person', id: dba2 } }),
  ],
  [
    'a disabled account that votes',
    rules,
    (story) => story.change('00/5 decided', { data: { facts: { ...facts(story, '00/5 decided'), enabled: false } } }),
  ],
  [
    'a guest who votes',
    rules,
    (story) => story.change('00/5 decided', { data: { facts: { ...facts(story, '00/5 decided'), member: false } } }),
  ],
  ['why a vote is void', rules, (story) => story.change('07/5 vote-void', { data: { why: 'disabled' } })],
]

const facts = (story: Story, ref: Ref) => story.copy(ref).data?.['facts'] as object

const replaced: Lies = [
  [
    'a denial by an approval',
    'checkpoint',
    (story) => {
      const [, approved] = approves(story, '0d/2 requested', '2026-03-06T09:06:00.000Z')
      story.change('0d/3 decided', { data: { verdict: 'approve' } }).change('0d/4 denied', approved as Told)
    },
  ],
  [
    'an approver by another of the same list',
    'checkpoint',
    (story) =>
      story.changeAll((event) =>
        event.shard === '00' && event.seq < 5 && event.seq > 2 ? reworded(event, dba, dba2) : event,
      ),
  ],
  [
    'the order of two votes',
    'checkpoint',
    (story) => inTurn(story).change('00/6 approved', { actor: story.copy('00/4 decided').actor }),
  ],
  [
    'the action, where the said files are not given',
    'checkpoint',
    (story) => {
      const { digest } = story.copy('02/2 requested').data ?? {}
      story.changeAll((event) => reworded(event, digest as string, `sha256:${sha256('another')}`))
    },
  ],
  ['a failure by a success', 'checkpoint', (story) => story.change('08/5 failed', { type: 'succeeded' })],
  [
    'which attempt redeemed',
    'checkpoint',
    (story) => story.change('02/7 redeemed', { data: { redemption: randomUUID() } }),
  ],
  [
    'the application that somebody used',
    'checkpoint',
    (story) => story.change('01/8 decided', { data: { client: oid(82) } }),
  ],
  [
    'who downloaded',
    'checkpoint',
    (story) => story.change('00/12 exported', { actor: { kind: 'person', id: oid(65) } }),
  ],
  [
    'why somebody was refused',
    'checkpoint',
    (story) => story.change('02/3 refused', { data: { code: 'digest-mismatch' } }),
  ],
  [
    'a request by the same in another shard',
    'checkpoint',
    (story) => {
      const id = story.copy('08/2 requested').request ?? ''
      story.changeAll((event) =>
        event.shard === '08' ? { ...reworded(event, id, id.replace(/08$/, '0f')), shard: '0f' } : event,
      )
    },
  ],
]

const unknowable: Lies = [
  [
    'a member of the tenant who is in none',
    'checkpoint',
    (story) =>
      story.changeAll((event) =>
        event.shard === '01' && (event.seq === 8 || event.seq === 9)
          ? reworded(event, '000000000071', '000000000077')
          : event,
      ),
  ],
]

const tabled: Lies = [
  [
    'a row of requests.csv',
    table,
    (story) =>
      story.edit(6, (of, files) => {
        withoutRow(files, bundleFiles.requests.name, 'denied')
        return counted(of, { requests: of.counts.requests - 1 })
      }),
  ],
  [
    'a row of exceptions.csv',
    table,
    (story) =>
      story.edit(6, (of, files) => {
        withoutRow(files, bundleFiles.exceptions.name, ',refused,')
        return counted(of, { exceptions: of.counts.exceptions - 1 })
      }),
  ],
  [
    'that a day was sealed late',
    table,
    (story) =>
      story.edit(6, (of, files) => {
        withoutRow(files, bundleFiles.exceptions.name, ',late-seal,')
        return counted(of, { exceptions: of.counts.exceptions - 1 })
      }),
  ],
  [
    'that one person approved alone, in the table of what people said',
    table,
    (story) =>
      story.edit(4, (of, files) => {
        withoutRow(files, bundleFiles.further.name, `${security},unjustified`)
        return of
      }),
  ],
  [
    'the table of what people said',
    table,
    (story) =>
      story.edit(4, (of, files) => {
        files.delete(bundleFiles.further.name)
        return of
      }),
  ],
]

const miscounted: Lies = [
  ['fewer records', sums, (story) => story.edit(6, (of) => counted(of, { records: of.counts.records - 1 }))],
  [
    'one type for another',
    counts,
    (story) =>
      story.edit(6, (of) => {
        const { refused = 0, decided = 0 } = of.counts.types
        return counted(of, { types: { ...of.counts.types, refused: refused - 1, decided: decided + 1 } })
      }),
  ],
  ['fewer exceptions', counts, (story) => story.edit(6, (of) => counted(of, { exceptions: of.counts.exceptions - 1 }))],
  ['fewer requests', counts, (story) => story.edit(6, (of) => counted(of, { requests: of.counts.requests - 1 }))],
]

const unbroughtOn: Lies = [
  [
    'what the rules need',
    rules,
    (story) =>
      story.edit(7, (of, files) => {
        withoutRow(files, bundleFiles.carried.name, '\\"type\\":\\"approved\\"')
        return counted(of, { carried: of.counts.carried - 1 })
      }),
  ],
  [
    'all of a request',
    carried,
    (story) =>
      story.edit(5, (of, files) => {
        const lines = String(files.get(bundleFiles.carried.name)).split(/(?<=\n)/)
        files.set(bundleFiles.carried.name, lines.filter((line) => !line.includes('-0a')).join(''))
        return counted(of, { carried: of.counts.carried - 1 })
      }),
  ],
  [
    'a look',
    followed,
    (story) =>
      story.edit(7, (of, files) => {
        withoutRow(files, bundleFiles.carried.name, '\\"type\\":\\"shown\\"', '-04')
        return counted(of, { carried: of.counts.carried - 1 })
      }),
  ],
  [
    'a refused attempt',
    followed,
    (story) =>
      story.edit(7, (of, files) => {
        withoutRow(files, bundleFiles.carried.name, '\\"type\\":\\"refused\\"', '-04')
        return counted(of, { carried: of.counts.carried - 1 })
      }),
  ],
]

const unlinked: Lies = [
  ['a day in the middle that never was', series, (story) => story.withoutDay(7)],
  [
    'the manifest of the day before',
    series,
    (story) => story.edit(7, (of) => ({ ...of, previousManifest: sha256('another') })),
  ],
]

const sealed: Lies = [
  [
    'the hour after it was over',
    'nothing',
    (story) =>
      story.edit(6, (of, files) => {
        withoutRow(files, bundleFiles.exceptions.name, ',late-seal,')
        return {
          ...counted(of, { exceptions: of.counts.exceptions - 1 }),
          sealedAt: '2026-03-07T00:10:00.000Z' as Instant,
        }
      }),
  ],
]

const wrongly: Lies = [
  ['a rule that does not exist', policy, (story) => story.change('06/5 cancelled', forbids(story, ['never-export']))],
  ['a rule that allows', policy, (story) => story.change('06/5 cancelled', forbids(story, ['restart']))],
  ['a rule about other actions', policy, (story) => story.change('06/5 cancelled', forbids(story, ['never-drop']))],
]

const forbids = (story: Story, rules: readonly string[]): Partial<Told> => ({
  ...story.copy('06/5 cancelled'),
  ...{ type: 'revoked', actor: { kind: 'policy' }, said: undefined as never, data: { rules } },
})

const warned: Lies = [
  [
    'one of a denial before',
    'checkpoint',
    (story) => story.change('0b/2 requested', { data: { warnings: ['denied-before'] } }),
  ],
]

const alarmed: Lies = [
  ['of nobody', policy, (story) => story.change('0b/2 requested', { data: { warnings: ['approver-excluded'] } })],
]

const erasers: Lies = [
  ['who asks', policy, (story) => story.change('01/10 erasure-asked', { data: { accounts: [oid(62), oid(99)] } })],
  ['who erases', policy, (story) => story.change('01/12 erased', { data: { accounts: [oid(63), oid(99)] } })],
]

const onlookers: Lies = [
  [
    'a look by a person of none of the groups',
    policy,
    (story) =>
      story.behind(
        '00/2 requested',
        alike(story, '01/3 shown', '00/2 requested', '2026-03-04T12:00:00.000Z', viewOf(story, '00/2 requested')),
      ),
  ],
]

/** All lies about events, by the first cell of their row in docs/evidence/lies.md. */
export const eventLies: readonly EventLie[] = Object.entries({
  'an event is left out that others need: an ask, a vote, an outcome, a look before its vote, a redemption before its report':
    needed,
  'an event is left out that no other needs, or one with all that need it': silent,
  'a change of policy is left out': unannounced,
  'an event is given to another request, or stands in another order': moved,
  'an event stands in another shard, or on another day': misplaced,
  'an event is added that the rules do not allow: a second redemption, a vote after the end, an event before its time':
    impossible,
  'a text is erased that no other person had asked to erase': unasked,
  'an event is added that the rules allow and that never was': invented,
  'a whole request, the end of a shard, or all of a day is left out': gone,
  'events are dated otherwise, with all that follows from it': redated,
  'numbers are left out, or a shard ends otherwise than the manifest says': renumbered,
  'the manifest names another policy after the day than the records': policyAfter,
  'what an event says is changed, and not what others say of it': altered,
  'what events say is changed, with all that follows from it': replaced,
  'an approver in an Entra group who is not in it; that an account is enabled, and a member’s': unknowable,
  'a row of a table is left out': tabled,
  'the manifest counts otherwise': miscounted,
  'events of earlier days are not brought along': unbroughtOn,
  'days in the middle are taken away': unlinked,
  'a day is said to be sealed earlier than it was': sealed,
  'an approval is revoked by a rule that does not forbid the action': wrongly,
  'another warning to the approvers is left out, or invented': warned,
  'a warning that the agent’s own word excludes approvers, where it excludes nobody': alarmed,
  'an erasure names other accounts of a person than policy joins': erasers,
  'somebody was shown a request who belongs to none of its groups': onlookers,
}).flatMap(([row, lies]) => lies.map(([lie, shown, tell]) => ({ row, lie, shown, tell })))
