import type { SlackBlock, SlackView } from '../../src/cards/blockKit.ts'
import { slackApp } from './slackDouble.ts'

/** The message that a person clicks on. */
interface ClickedMessage {
  readonly channel: string
  readonly ts: string
  /** The message whose thread it stands in. */
  readonly thread?: string
  readonly blocks?: readonly SlackBlock[]
}

/** The modal that a person clicks in. */
interface ClickedModal {
  readonly id: string
  readonly view: SlackView
}

interface SlackClicking {
  readonly user: string
  /** Names the click. */
  readonly trigger: string
  readonly action: string
  readonly value?: string
  readonly on: ClickedMessage | ClickedModal
}

const { appId, teamId } = slackApp

const common = (user: string, trigger: string) => ({
  user: { id: user, username: 'someone', name: 'someone', team_id: teamId },
  api_app_id: appId,
  token: 'Shh_its_a_seekrit',
  team: { id: teamId, domain: 'contoso' },
  enterprise: null,
  is_enterprise_install: false,
  trigger_id: trigger,
})

/**
 * What Slack sends for a click, with the members that it documents:
 * https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
 */
export function slackClick({ user, trigger, action, value, on }: SlackClicking): object {
  return {
    type: 'block_actions',
    ...common(user, trigger),
    ...('id' in on ? inModal(on) : onMessage(on)),
    actions: [
      {
        ...{ type: 'button', action_id: action, block_id: 'lLuA', action_ts: '1772625600.250000' },
        text: { type: 'plain_text', text: 'A button', emoji: false },
        ...(value !== undefined && { value }),
      },
    ],
  }
}

function onMessage({ channel, ts, thread, blocks = [] }: ClickedMessage): object {
  const threaded = thread === undefined ? {} : { thread_ts: thread }
  return {
    container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false, ...threaded },
    channel: { id: channel, name: 'privategroup' },
    message: {
      ...{ type: 'message', user: 'U00000000B0', bot_id: 'B0000000001', app_id: appId, team: teamId },
      ...{ ts, text: 'An agent asks for approval', blocks, ...threaded },
    },
    state: { values: {} },
    response_url: 'https://hooks.slack.com/actions/T0000000001/1/abc',
  }
}

const inModal = ({ id, view }: ClickedModal): object => ({
  container: { type: 'view', view_id: id },
  view: viewSent(id, view),
})

/** A modal as Slack sends it back: all of what was drawn, and Slack's own members around it. */
const viewSent = (id: string, view: SlackView, values: object = {}): object => ({
  ...{ id, team_id: teamId, app_id: appId, app_installed_team_id: teamId, bot_id: 'B0000000001' },
  ...{ private_metadata: '', callback_id: '', ...view },
  ...{ hash: '1772625600.aBcDeF', previous_view_id: null, root_view_id: id, external_id: '' },
  ...{ clear_on_close: false, notify_on_close: false, submit: view.submit ?? null },
  state: { values },
})

/**
 * What Slack sends for a form, with the members that it documents:
 * https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
 */
export function slackForm(
  { user, trigger }: Pick<SlackClicking, 'user' | 'trigger'>,
  { id, view }: ClickedModal,
  words: string | null,
): object {
  const values = { words: { words: { type: 'plain_text_input', value: words } } }
  return { type: 'view_submission', ...common(user, trigger), view: viewSent(id, view, values), response_urls: [] }
}

/** What an interaction is over HTTP: a form with one field. */
export const inField = (payload: object): string => new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
