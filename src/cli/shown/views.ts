import type { JsonObject } from '../../core/data/json.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { viewDigest } from '../../core/request/view.ts'
import type { Editions } from '../../verify/edition.ts'
import type { StoryEvent } from '../../verify/requestStory.ts'
import type { EventOf } from '../../core/record/eventType.ts'
import type { ShownCard } from '../account.ts'
import { escaped } from '../html.ts'
import { cardHtml } from './cardHtml.ts'
import type { Redrawing, Redrawn } from '../policy.ts'

/** A page that an approver was shown. */
export interface ShownView {
  readonly event: EventOf<'shown'>
  /** The page, drawn again; or in words why it cannot be. */
  readonly drawn: DrawnCard | string
}

interface DrawnCard {
  readonly card: JsonObject
  /** In what the drawing can differ from what was shown, in words. */
  readonly notes: readonly string[]
}

/** What views are drawn again with. */
export interface RedrawParts {
  readonly editions: Editions
  readonly redraw: (wanted: Redrawing) => Promise<Redrawn>
}

/** Draws every page again that approvers of a request were shown, oldest first. */
export async function* viewsOf(parts: RedrawParts, events: readonly StoryEvent[]): AsyncGenerator<ShownView> {
  for (const [i, { event }] of events.entries())
    if (event.type === 'shown') yield { event, drawn: await drawnOf(parts, events.slice(0, i + 1), event) }
}

async function drawnOf(
  { editions, redraw }: RedrawParts,
  events: readonly StoryEvent[],
  { data }: EventOf<'shown'>,
): Promise<DrawnCard | string> {
  const first = events[0]
  if (first?.event.type !== 'requested') return 'the ask is not among the events'
  const { policy, warnings } = first.event.data
  const content = leafHash(JSON.stringify(first.event))
  if (viewDigest({ content, template: data.template, warnings }) !== data.view)
    return 'the recorded view is not the digest of the recorded content, template and warnings'
  if (!first.texts?.some(({ name }) => name === 'action'))
    return 'the text of the action is not in the said file that was given, or was erased'
  const template = await editions.template(data.template)
  if (template === null)
    return `the bundle does not have the template ${data.template}, of a policy that judged nothing`
  try {
    const { card, plain } = await redraw({ events, template, policy: await editions.policy(policy.version) })
    const missing = missingIn(events)
    return {
      card,
      notes: [
        ...(plain === undefined ? [] : [`titles and formats of the policy are missing: ${plain}`]),
        ...(missing.length === 0 ? [] : [`not given, or erased since: ${missing.join(', ')}`]),
      ],
    }
  } catch (cause) {
    return `this version cannot draw it: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/** Names the texts that the page had, and that are not known any more. */
const missingIn = (events: readonly StoryEvent[]): readonly string[] =>
  events.flatMap(({ event, texts = [] }) =>
    Object.keys(event.said ?? {})
      .filter((name) => name !== 'why' && !texts.some((text) => text.name === name))
      .map((name) => `${name} of “${event.type}”`),
  )

/** Draws what approvers of a request were shown, for a report. A page that looks as one above it is not drawn twice. */
export async function cardsOf(
  parts: RedrawParts,
  events: readonly StoryEvent[],
): Promise<ReadonlyMap<number, ShownCard>> {
  const cards = new Map<number, ShownCard>()
  const drawnAt = new Map<string, string>()
  for await (const { event, drawn } of viewsOf(parts, events)) {
    if (typeof drawn === 'string') {
      cards.set(event.seq, { why: drawn })
      continue
    }
    const notes = drawn.notes.map((note) => `<p class="odd">${escaped(note)}</p>`).join('')
    const html = `${notes}${cardHtml(drawn.card)}`
    const before = drawnAt.get(html)
    cards.set(event.seq, before === undefined ? { html } : { why: `it looked as at ${before}, above` })
    if (before === undefined) drawnAt.set(html, event.at)
  }
  return cards
}
