import type { CardReader, TypedForm } from '../../src/cards/cardReader.ts'
import type { Cards } from '../../src/cards/cards.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Submission } from '../../src/core/request/submission.ts'
import { english } from '../../src/words/english.ts'
import { action, dba, dba2, needs, owner, pending } from '../../test/support/build.ts'
import {
  answered,
  askedBack,
  glassBroken,
  incident,
  passedAt,
  promptedAt,
  provided,
  reviewedGlass,
  votedFor,
} from '../../test/support/talked.ts'
import type { State } from './states.ts'

const { card: onCards } = english

/** The cards of a request about which people talk, that waits, and whose glass is broken. */
export function talkStates(cards: Cards, asked: Partial<Submission>): readonly State[] {
  const rest = { ...asked, expiresIn: 7_200 }
  const terms = { ...needs(), ...provided().judgement } as ReturnType<typeof needs>
  const request = pending({ ...rest, judgement: { ...terms, summary: 'Export data from a production database' } })
  const hidden = pending({ ...rest, judgement: { ...terms, private: true } })
  const narrowable = pending({
    ...{ ...rest, narrowing: true, judgement: { ...terms, narrow: ['rows', 'tables'] } },
    action: { ...action, params: { ...action.params, tables: ['accounts', 'public.orders', 'users'] } },
  })
  const open = askedBack(votedFor(request), 'Which customers, and does finance know of it?')
  const told = answered(open, 'Those of the churn report, as FIN-881 says.\nFinance asked for it.')
  const byAgent = answered(open, 'All customers that left since October.', 'agent')
  const full = askedBack(askedBack(told, 'And the deleted ones?', { by: dba2, name: 'Dora', at: 200 }), 'Until when?', {
    at: 220,
  })
  const joined = promptedAt(promptedAt(request, 900), 1_800)
  const broken = glassBroken(request, 'The site is down, INC-7.')
  const late = passedAt(passedAt(broken, 4_000), 90_000)
  const review = (one: ApprovalRequest, more: Partial<CardReader> = {}) =>
    cards.review(one, { approver: dba, page: 1, via: 'teams', may: ['ask', 'break'], ...more })
  const onlyGlass = { approver: incident, may: ['break'], decides: false } as const
  const fault = { act: 'break', fault: english.bot.notConfirmed, confirm: 'custom', words: 'The site is down.' }
  const side = { stranger: false, may: ['answer'] } as const
  const notice = (one: ApprovalRequest, isOwn = false) => {
    const [first] = noticesOf(one)
    if (!first) throw new Error('Nothing is told of this request.')
    return cards.notice(one, { notice: first, isOwn, mentioned: [] })
  }
  const why = 'You are in none of the groups that decide this request.'
  const drawn = [
    ['talk-asked', 'Channel: a question is open', cards.channel(open)],
    ['talk-answered', 'Channel: answered by the owner', cards.channel(told)],
    ['talk-agent', 'Channel: answered by the agent', cards.channel(byAgent)],
    ['talk-many', 'Channel: the newest of three questions', cards.channel(full)],
    ['talk-private', 'Channel: a question about a private request', cards.channel(askedBack(hidden))],
    ['talk-joined', 'Channel: another group may approve, too', cards.channel(joined)],
    ['talk-review', 'Approver: may ask, and break the glass', review(request)],
    ['talk-review-answered', 'Approver: question and answer', review(told)],
    ['talk-side', 'For the side: two open questions', cards.refused(full, why, side)],
    [
      'talk-side-owner',
      'For an owner who may deny',
      review(full, { approver: owner, excludedBy: 'policy', may: ['answer'] }),
    ],
    ['glass-review', 'Who may only break the glass', review(request, onlyGlass)],
    ['glass-fault', 'Break glass: a wrong confirmation', review(request, { ...onlyGlass, form: fault as TypedForm })],
    ['glass-broken', 'Channel: a broken glass', cards.channel(broken)],
    ['glass-private', 'Channel: a broken glass of a private request', cards.channel(glassBroken(hidden))],
    ['glass-due', 'Approver: a broken glass to review', review(broken, { approver: dba2, may: ['review'] })],
    ['glass-found', 'Channel: found not justified', cards.channel(reviewedGlass(broken, 'unjustified'))],
    ['glass-late', 'Channel: lapsed, and not reviewed in time', cards.channel(late)],
    ['notice-reminded', 'Thread: a reminder', notice(promptedAt(request, 900))],
    ['notice-asked', 'Own chat: a question', notice(open, true)],
    ['notice-answered', 'Thread: an answer', notice(told)],
    ['notice-glass', 'Thread: a broken glass', notice(broken)],
  ] as const
  const forms: readonly State[] = [
    { name: 'form-ask', title: 'Approver: ask', card: review(request), open: onCards.askForm },
    {
      name: 'form-less',
      title: 'Approver: make it smaller',
      card: review(narrowable, { may: ['ask', 'narrow'] }),
      open: english.less.form,
    },
    {
      name: 'form-break',
      title: 'Break glass: reason and confirmation',
      card: review(request, onlyGlass),
      open: onCards.breakForm,
    },
    {
      name: 'form-unjustified',
      title: 'Approver: not justified',
      card: review(broken, { approver: dba2, may: ['review'] }),
      open: onCards.unjustifiedForm,
    },
  ]
  return [...drawn.map(([name, title, card]) => ({ name, title, card })), ...forms]
}
