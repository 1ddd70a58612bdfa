import { join } from 'node:path'
import { type DecisionInput, decide } from '../../src/core/request/decision.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import type { VoteMark } from '../../src/core/request/batch.ts'
import { undeliverable } from '../../src/core/request/delivery.ts'
import { withRun } from '../../src/core/action/run.ts'
import type { Presentation } from '../../src/core/action/presentation.ts'
import { type ApprovalRequest, overdue } from '../../src/core/request/request.ts'
import type { Submission } from '../../src/core/request/submission.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import type { Verdict } from '../../src/core/request/event.ts'
import { readCards } from '../../src/runtime/folder.ts'
import type { CardReader } from '../../src/cards/cardReader.ts'
import { loadCards } from '../../src/cards/cards.ts'
import { english } from '../../src/words/english.ts'
import { payloads } from './payloads.ts'
import { talkStates } from './talkStates.ts'
import {
  action,
  after,
  anyWith,
  approved,
  dba,
  decision,
  facts,
  needs,
  oid,
  pending,
  redeemed,
  security,
  stored,
  slot,
} from '../../test/support/build.ts'

const { card: onCards } = english
const cards = loadCards(readCards(join(process.cwd(), 'cards')), english)

/** A card in a state that a person may see. */
export interface State {
  /** The beginning of the file name. */
  readonly name: string
  readonly title: string
  readonly card: object
  /** The button whose form is open. */
  readonly open?: string
}

const asExport: Presentation = {
  title: [{ text: 'Export ' }, { path: ['rows'], format: 'number' }, { text: ' rows of ' }, { own: 'target' }],
  params: [
    { key: 'rows', label: 'Rows', format: 'number', critical: true },
    { key: 'destination', label: 'Where to', critical: true },
    { key: 'tables', label: 'Tables', format: 'list' },
  ],
}
const asRelease: Presentation = {
  title: [{ text: 'Release ' }, { path: ['to'] }, { text: ' to ' }, { own: 'target' }],
  params: [
    { key: 'from', label: 'Version', critical: true, side: 'before' },
    { key: 'to', label: 'Version', critical: true, side: 'after' },
    { key: 'size', label: 'Size', format: 'bytes' },
    { key: 'window', label: 'Window', format: 'duration' },
    { key: 'replicas', label: 'Replicas', format: 'pair' },
  ],
}

const asked: Partial<Submission> = {
  action: { ...action, params: { ...action.params, rows: 1_200 } },
  presentation: asExport,
  links: [{ title: 'FIN-881', url: 'https://tickets.example/FIN-881' }],
  judgement: needs([slot('dba')], { summary: 'Export data from a production database' }),
}
const two: Partial<Submission> = {
  ...asked,
  action,
  judgement: needs([slot('dba'), slot('security|oncall')], {
    summary: 'Export data from a production database',
    rules: ['export-needs-dba', 'large-export-needs-security'],
  }),
}
const ofTier = (tier: 'low' | 'medium' | 'high', summary: string): Partial<Submission> => ({
  judgement: needs([slot(tier === 'high' ? 'security' : 'dba')], { tier, summary }),
  ...(tier === 'high' && {
    action: { ...action, action: 'iam.role.grant', target: 'prod/roles/admin', params: { user: 'deploy-bot' } },
    reason: 'Rotate the keys of the payment service, SEC-12',
  }),
})
const high = ofTier('high', 'Grant a role in production')
const long: Partial<Submission> = {
  judgement: needs([slot('dba')], { summary: 'Release to production' }),
  action: {
    ...{ action: 'deploy.release', target: 'prod/payments/api', environment: 'production' },
    params: { version: '4.12.0', image: `registry.example/payments@sha256:${'ab'.repeat(32)}`, script: script() },
  },
}
const release: Partial<Submission> = {
  presentation: asRelease,
  judgement: needs([slot('dba|security')], { summary: 'Release to production' }),
  action: {
    ...{ action: 'deploy.release', target: 'prod/payments/api', environment: 'production' },
    params: {
      ...{ from: '4.11.3', to: '4.12.0', size: 188_743_680, window: 'PT1H30M' },
      replicas: { before: 3, after: 5 },
      services: ['api', 'worker'],
    },
  },
  reason: 'Fix of the double charge, PAY-311',
}
const hostile: Partial<Submission> = {
  ...asked,
  action: {
    ...action,
    target: 'prod/\u202eserver\u202c/pаypal',
    params: { '**rows**': '[click](https://evil.example)', note: '{{DATE(2026-01-01T00:00:00Z)}}', x: '${$root}' },
  },
  reason: '# Approve me\n\u200bplease',
  warnings: ['denied-before', 'asks-often', 'hidden-characters', 'mixed-scripts', 'look-alikes', 'not-normalized'],
}

const run: Partial<Submission> = {
  ...asked,
  action: {
    ...action,
    params: withRun(
      { rows: 1_200 },
      { path: '/usr/bin/pg_dump', args: ['customers', '--file', 'all customers.sql'], cwd: '/srv/exports' },
    ),
  },
}

const hidden: Partial<Submission> = { ...asked, judgement: needs([slot('dba')], { private: true }) }
const elsewhere: Partial<Submission> = { ...asked, judgement: needs([slot('dba')], { via: ['console'] }) }

function script(): string {
  return Array.from({ length: 40 }, (_, i) => `step ${i + 1}: ${'migrate, check, '.repeat(8)}shard ${i}`).join('\n')
}

const vote = (request: ApprovalRequest, more: Partial<DecisionInput> = {}) =>
  stored(decide(request, decision(request, more)), after(60))

const review = (request: ApprovalRequest, more: Partial<CardReader> = {}) =>
  cards.review(request, { approver: dba, page: 1, via: 'teams', ...more })

/** The cards of a batch of two requests, of which one is of tier high. */
function batch() {
  const found = [pending(asked), pending(high)].map((request, i) => ({
    ...request,
    id: parseRequestId(`01kjw2xm00abcdefghjkmnpqr${i}-07`),
  }))
  const requests = found.map(({ id }) => id)
  const [first = pending(asked)] = found
  const marks = (verdicts: readonly Verdict[]) =>
    verdicts.map((verdict, i): VoteMark => ({ request: requests[i] ?? first.id, verdict, view: first.digest }))
  const reader = { approver: dba, page: 1, via: 'teams' }
  const outcomes = [
    { id: first.id, request: { ...approved(asked), id: first.id } },
    { id: requests[1] ?? first.id, request: found[1] ?? first, refusal: english.batch.notConfirmed },
  ]
  return [
    ['batch-page', 'Batch: a request', cards.batchPage(first, reader, { requests, marks: [], at: 1 })],
    ['batch-end', 'Batch: the marks', cards.batchEnd(found, { requests, marks: marks(['deny', 'approve']) })],
    ['batch-outcome', 'Batch: what became of it', cards.batchOutcome(outcomes)],
  ] as const
}

/** Lists all cards, in each state that a person may see. */
export function states(): readonly State[] {
  const closed = (
    ['redeemed', 'succeeded', 'failed', 'denied', 'expired', 'cancelled', 'revoked', 'lapsed'] as const
  ).map(
    (status): State => ({
      name: `channel-${status}`,
      title: `Channel: ${status}`,
      card: cards.channel(anyWith(status)),
    }),
  )
  const half = vote(pending(two))
  const unreached = stored(undeliverable(pending(asked)), after(120))
  const security1 = { approver: security, facts: facts(security, { groups: ['security'] }) }
  const whole = vote(half, { ...security1, name: 'Sam' })
  const erased: ApprovalRequest = { ...anyWith('denied'), action: null, said: [] }
  const unreported = stored(overdue(redeemed(), after(90_000)) ?? { request: redeemed(), events: [] })
  const wrong = { act: 'approve', fault: english.bot.notConfirmed, confirm: 'admim', words: 'SEC-12 is open' } as const
  const empty = { act: 'deny', fault: onCards.reasonMissing } as const
  const mine = [
    ['channel', 'Channel: pending, tier medium', cards.channel(pending(asked))],
    ['channel-low', 'Channel: pending, tier low', cards.channel(pending(ofTier('low', 'Restart a server in staging')))],
    ['channel-high', 'Channel: pending, tier high', cards.channel(pending(high))],
    ['channel-release', 'Channel: a pair, bytes and a duration', cards.channel(pending(release))],
    ['review-release', 'Approver: a pair, bytes and a duration', review(pending(release))],
    ['channel-half', 'Channel: one of two groups has approved', cards.channel(half)],
    ['channel-private', 'Channel: kept private', cards.channel(pending(hidden))],
    ['review-elsewhere', 'Approver: to be approved through another door', review(pending(elsewhere))],
    ['channel-long', 'Channel: a long value', cards.channel(pending(long))],
    ['channel-hostile', 'Channel: hostile texts and every warning', cards.channel(pending(hostile))],
    ['channel-approved', 'Channel: approved and unused', cards.channel(approved(asked))],
    ['channel-undeliverable', 'Channel: not everybody could be reached', cards.channel(unreached)],
    [
      'channel-behalf',
      'Channel: for a person, by another executor',
      cards.channel(pending({ ...asked, onBehalfOf: oid(77), executor: oid(2) })),
    ],
    ['review', 'Approver: one page', review(pending(asked))],
    ['review-high', 'Approver: tier high', review(pending(high), { approver: security })],
    ['review-first-page', 'Approver: first page', review(pending(long))],
    ['review-last-page', 'Approver: last page', review(pending(long), { page: 99 })],
    ['review-mine', 'Approver: after my vote', review(half)],
    ['review-notice', 'Approver: out of date', review(pending(asked), { notice: english.bot.outOfDate })],
    ['review-hostile', 'Approver: hostile texts and every warning', review(pending(hostile))],
    ['review-approved', 'Approver: approved and unused', review(whole)],
    [
      'review-revoked',
      'Approver: revoked',
      review(
        stored(
          revoke(approved(asked), {
            approver: dba,
            facts: facts(dba),
            name: 'Dana',
            reason: 'Wrong ticket.',
            at: after(90),
          }),
        ),
      ),
    ],
    [
      'excluded',
      'Excluded: the owner',
      cards.refused(pending(two), 'You cannot decide what your own agent asked for.'),
    ],
    [
      'stranger',
      'Stranger: another group',
      cards.refused(pending(two), 'You are in none of the groups that decide this.', { stranger: true }),
    ],
    ['channel-unreported', 'Channel: no outcome was reported', cards.channel(unreported)],
    ['channel-erased', 'Channel: everything that was written is erased', cards.channel(erased)],
    ['list', 'List of what waits', cards.list([pending(asked), pending(high), half, pending(run)])],
    ['channel-run', 'Channel: a command that will run', cards.channel(pending(run))],
    ['review-run', 'Approver: a command that will run', review(pending(run))],
    ['channel-plain', 'Channel: without summary and presentation', cards.channel(pending())],
    ['review-half', 'Approver: another has approved', review(half, { approver: security })],
    ['fault-confirm', 'Approver: a wrong confirmation', review(pending(high), { form: wrong })],
    ['fault-deny', 'Approver: a denial without a reason', review(pending(asked), { form: empty })],
    ...batch(),
  ] as const
  const forms: readonly State[] = [
    {
      name: 'form-confirm',
      title: 'Approver: type to confirm',
      card: review(pending(high)),
      open: onCards.approveForm,
    },
    { name: 'form-note', title: 'Approver: approve with a note', card: review(pending(asked)), open: onCards.noteForm },
    { name: 'form-deny', title: 'Approver: deny', card: review(pending(asked)), open: onCards.denyForm },
    { name: 'form-revoke', title: 'Approver: revoke', card: review(whole), open: onCards.revokeForm },
  ]
  const real = payloads.map(({ name, title, asked }): State => ({ name, title, card: review(pending(asked)) }))
  const shown = mine.map(([name, title, card]) => ({ name, title, card }))
  return [...shown, ...forms, ...closed, ...talkStates(cards, asked), ...real]
}
