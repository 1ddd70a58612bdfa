import type { SlackMessage, SlackView } from '../../src/cards/blockKit.ts'
import type { CardReader } from '../../src/cards/cardReader.ts'
import { loadCards } from '../../src/cards/cards.ts'
import { decide } from '../../src/core/request/decision.ts'
import { noticesOf } from '../../src/core/request/notice.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { english } from '../../src/words/english.ts'
import { after, anyWith, dba, decision, needs, pending, slot, stored } from '../../test/support/build.ts'
import { answered, askedBack, provided, talkative } from '../../test/support/talked.ts'
import { saying } from '../../test/teams/hostile.ts'

/** A message or a modal of Slack in a state that a person may see. */
export interface SlackState {
  /** The beginning of the file name. */
  readonly name: string
  readonly title: string
  readonly drawn: SlackMessage | SlackView
}

const { slack } = loadCards(readCards('cards'), english)

const view = (request: ApprovalRequest, more: Partial<CardReader> = {}): SlackView =>
  slack.review(request, { approver: dba, page: 1, via: 'slack', may: ['ask'], ...more })

const asked = {
  links: [{ title: 'FIN-881', url: 'https://tickets.example/FIN-881' }],
  judgement: needs([slot('dba')], { summary: 'Export data from a production database' }),
}

/** Lists messages and modals of Slack, in the states that differ most. */
export function slackStates(): readonly SlackState[] {
  const request = pending(asked)
  const denied = stored(decide(request, decision(request, { verdict: 'deny' })), after(60))
  const talked = answered(askedBack(talkative()))
  const [notice] = noticesOf(askedBack(talkative()))
  if (!notice) throw new Error('Nobody is told.')
  const high = pending({ ...asked, judgement: needs([slot('dba')], { tier: 'high', summary: 'Grant a role' }) })
  const hostile = '<script>ran=1</script> <!channel> :tada: *bold* \u202e'
  return [
    ['slack-message', 'Slack: a message in a channel', slack.channel(request)],
    ['slack-modal', 'Slack: the modal of an approver', view(request)],
    ['slack-form', 'Slack: the form of a denial', view(request, { form: { act: 'deny', fault: '' } })],
    ['slack-denied', 'Slack: the message afterwards', slack.channel(denied)],
    ['slack-succeeded', 'Slack: an action that succeeded', slack.channel(anyWith('succeeded'))],
    ['slack-talk', 'Slack: a question and its answer', slack.channel(talked)],
    ['slack-notice', 'Slack: a notice in the thread', slack.notice(askedBack(talkative()), { notice, isOwn: false })],
    ['slack-high', 'Slack: of tier high nothing is approved', view(high)],
    ['slack-refused', 'Slack: a person who may not decide', slack.refused(request, 'No.', { stranger: false })],
    ['slack-list', 'Slack: what waits', slack.list([request, high], { more: false })],
    ['slack-hostile', 'Slack: hostile texts', view(pending({ ...saying(hostile, 'medium'), ...provided() }))],
  ].map(([name, title, drawn]) => ({ name, title, drawn }) as SlackState)
}
