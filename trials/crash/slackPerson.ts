import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { SlackView } from '../../src/cards/blockKit.ts'
import type { Json } from '../../src/core/data/json.ts'
import { english } from '../../src/words/english.ts'
import { slackChannel } from '../../test/support/slackDouble.ts'
import { slackClick, slackForm } from '../../test/support/slackPayloads.ts'
import { slackUsers } from '../../test/support/roomsPolicy.ts'
import { linesIn, objects, type ShownCard } from './rooms.ts'
import type { Site } from './site.ts'
import { demand } from './truth.ts'

/** A modal that is open before a person. */
export interface OpenModal {
  readonly id: string
  readonly view: SlackView
}

/** How often a person clicks whose modal stays empty, and how long they look at it: 20 times a tenth of a second. */
const [mostClicks, mostLooks, look] = [10, 20, 100]

/** Clicks on Review below a message, as often as it takes until the modal is filled, and has this button if one is given. */
export async function reviewInSlack(site: Site, who: string, message: ShownCard, button?: string): Promise<OpenModal> {
  const on = { channel: slackChannel, ts: message.card.activity }
  const value = valueIn(message.content, 'review')
  demand(value !== null, 'the message has the button Review')
  for (let left = mostClicks; left > 0; left--) {
    const trigger = randomUUID()
    await site.toSlack(slackClick({ user: userOf(who), trigger, action: 'review', value, on }))
    const id = site.rooms.slack.opened.get(trigger)
    const modal = id === undefined ? null : await filled(site, id)
    if (modal && (button === undefined || valueOf(modal, button) !== null)) return modal
  }
  throw new Error(`Does not hold: a modal opens, with ${button ?? 'whatever there is'}.`)
}

/** Clicks on a button of a modal, as often as it takes until something else stands in it. */
export async function pressInSlack(site: Site, who: string, modal: OpenModal, button: string): Promise<OpenModal> {
  const value = valueOf(modal, button)
  demand(value !== null, `the modal has the button ${button}`)
  for (let left = mostClicks; left > 0; left--) {
    const click = { user: userOf(who), trigger: randomUUID(), action: button, value }
    await site.toSlack(slackClick({ ...click, on: modal }))
    const after = await filled(site, modal.id, modal.view)
    if (after) return after
  }
  throw new Error(`Does not hold: ${button} is answered in the modal.`)
}

/** Sends the form of a modal. Returns what stands in it then. */
export async function sendInSlack(site: Site, who: string, modal: OpenModal, words: string): Promise<OpenModal> {
  const { body } = await site.toSlack(slackForm({ user: userOf(who), trigger: randomUUID() }, modal, words))
  const answer = body as { readonly response_action?: string; readonly view?: SlackView } | null
  demand(answer?.response_action === 'update' && answer.view !== undefined, 'a form is answered with a modal')
  // Slack shows the modal of the answer; one that is not ready is filled later.
  site.rooms.slack.views.set(modal.id, answer.view)
  return (await filled(site, modal.id)) ?? pressInSlack(site, who, { id: modal.id, view: answer.view }, 'look')
}

export const linesOf = ({ view }: OpenModal): readonly string[] => linesIn(view as unknown as Json)

/** Looks at a modal until it is filled with something else than before. One whose app was killed stays as it is. */
async function filled(site: Site, id: string, before?: SlackView): Promise<OpenModal | null> {
  for (let left = mostLooks; left > 0; left--) {
    const view = site.rooms.slack.views.get(id)
    if (view && view !== before && !isWorking(view)) return { id, view }
    await pause(look)
  }
  return null
}

const isWorking = (view: SlackView): boolean => linesIn(view as unknown as Json).includes(english.slack.working)

const valueOf = ({ view }: OpenModal, button: string): string | null => valueIn(view as unknown as Json, button)

/** What the click on a button sends; `null` without the button. */
function valueIn(content: Json, button: string): string | null {
  const value = objects(content).find((one) => one['action_id'] === button)?.['value']
  return typeof value === 'string' ? value : null
}

function userOf(who: string): string {
  const user = slackUsers[who]
  demand(user !== undefined, `${who} has an account of Slack`)
  return user
}
