import type { Day } from '../../core/data/day.ts'
import { dayOf } from '../../core/data/day.ts'
import { type RequestId, timeOf } from '../../core/data/id.ts'
import { controlsOf } from '../../core/policy/controls.ts'
import { textsOf } from '../../verify/chosenTexts.ts'
import { withEditions } from '../../verify/edition.ts'
import type { HoldingDay } from '../../verify/period.ts'
import { type Story, type StoryEvent, withChapters } from '../../verify/requestStory.ts'
import { accountOf, type KnownOfDay } from '../account.ts'
import { sectionOf } from '../accountHtml.ts'
import { escaped, pageEnd, pageHead } from '../html.ts'
import type { Redrawing, Redrawn } from '../policy.ts'
import { cardsOf } from '../shown/views.ts'
import type { PeriodData } from './collect.ts'

/** A request whose whole story is told, and the newest day on which it has an event. */
export interface ToldRequest {
  readonly id: RequestId
  readonly day: Day
}

/** Draws views again; `null` if this program cannot. */
export type Redraw = ((wanted: Redrawing) => Promise<Redrawn>) | null

/**
 * Tells the stories of some requests, event by event with all texts, and with what approvers were shown. They stand in the
 * order of their days.
 */
export async function* storiesPage(
  data: PeriodData,
  wanted: readonly ToldRequest[],
  { title, back, redraw }: { readonly title: string; readonly back: string; readonly redraw: Redraw },
): AsyncGenerator<string> {
  yield `${pageHead(`Countersign: ${title}`)}<h1>${escaped(title)}</h1>\n<p><a href="${escaped(back)}">The report</a>. Names are for display; object ids decide. ↵ is the end of a line, and ⟦U+…⟧ an invisible character.</p>\n`
  if (redraw === null)
    yield '<p>What approvers were shown is not drawn here: copy policy.cjs, cedar_wasm_bg.wasm and cards.cjs beside countersign.</p>\n'
  const known: KnownOfDay = {
    full: (id) => data.names.full(id),
    controlsOf: ({ version, rules }) => controlsOf(data.policies.controls(version), rules),
  }
  const holding = data.verdict.days.filter((day): day is HoldingDay => day.state === 'holds')
  for (const day of holding) {
    const ids = new Set(wanted.filter((one) => one.day === day.date).map(({ id }) => id))
    if (ids.size > 0) yield* storiesOfDay(day, ids, { holding, redraw, known })
  }
  yield pageEnd
}

interface StoryParts {
  readonly holding: readonly HoldingDay[]
  readonly redraw: Redraw
  readonly known: KnownOfDay
}

async function* storiesOfDay(
  day: HoldingDay,
  ids: ReadonlySet<RequestId>,
  { holding, redraw, known }: StoryParts,
): AsyncGenerator<string> {
  const stories: Story[] = []
  await withChapters(day.path, day.said?.path, async (chapters) => {
    for await (const chapter of chapters)
      if (chapter.kind === 'request' && ids.has(chapter.story.life.request.id)) stories.push(chapter.story)
  })
  for (const story of stories) {
    const events = await withEarlier(story.events, earlierSaid(story.life.request.id, day.date, holding))
    const hasSaid = day.said !== undefined
    const cards = redraw ? await withEditions(day.path, (editions) => cardsOf({ editions, redraw }, events)) : undefined
    yield sectionOf(accountOf({ ...story, events }, { cards, hasSaid, known }))
  }
}

/** The said files of the days on which a request can have had earlier events. */
const earlierSaid = (id: RequestId, day: Day, holding: readonly HoldingDay[]): readonly string[] =>
  holding.flatMap(({ date, said }) => (said && date < day && date >= dayOf(timeOf(id)) ? [said.path] : []))

/** Adds texts to events of earlier days. */
async function withEarlier(events: readonly StoryEvent[], said: readonly string[]): Promise<readonly StoryEvent[]> {
  const earlier = new Map(events.flatMap(({ index, event, texts }) => (texts ? [] : [[index, event] as const])))
  if (earlier.size === 0 || said.length === 0) return events
  const found = await textsOf(said, earlier)
  return events.map((one) => {
    const texts = found.filter(({ index }) => index === one.index)
    return one.texts || texts.length === 0 ? one : { ...one, texts }
  })
}
