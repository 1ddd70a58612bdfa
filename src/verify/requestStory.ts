import type { RequestId, Shard } from '../core/data/id.ts'
import type { Life } from '../core/record/replayedRequest.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { readRecord } from '../core/record/record.ts'
import { membersIn } from '../core/request/memberList.ts'
import type { Exceptional } from '../core/record/auditException.ts'
import { type Replay, replay } from '../core/record/replay.ts'
import { storedOf } from './content.ts'
import { type OpenDay, withDay } from './day.ts'
import { withFile } from './file.ts'
import { SaidReader, type Text } from './saidReader.ts'

/** An event with its texts. */
export interface StoryEvent {
  readonly index: number
  readonly event: LogEvent
  /** The texts that are not erased; absent for an event of an earlier day. */
  readonly texts?: readonly Text[]
  /** Of a vote: its groups whose list of the day, if there is one, does not have the person. They may have joined later. */
  readonly unlisted?: readonly string[]
}

/** A request of the day: its state after the day, and all its events so far. */
export interface Story {
  readonly life: Life
  /** Oldest first, beginning with the carried events. */
  readonly events: readonly StoryEvent[]
  readonly exceptions: readonly Exceptional[]
}

/** One part of a day: a request, or an event of the log itself. */
export type Chapter =
  | { readonly kind: 'request'; readonly story: Story }
  | { readonly kind: 'log'; readonly event: StoryEvent }

/**
 * Reads a day request by request. Keeps one shard in memory. Does not verify the bundle: callers do that before.
 *
 * @param work consumes the chapters; the files stay open until it has ended
 */
export function withChapters(
  path: string,
  said: string | undefined,
  work: (chapters: AsyncIterable<Chapter>, day: OpenDay) => Promise<void>,
): Promise<void> {
  return withDay(path, async (day) => {
    if (said === undefined) return work(chapters(day, null), day)
    return withFile(said, ({ fd }) =>
      work(chapters(day, new SaidReader(storedOf(fd, { start: 0, size: Infinity }))), day),
    )
  })
}

/** A story that is still being read. */
type OpenStory = { readonly events: StoryEvent[]; readonly exceptions: Exceptional[] }

async function* chapters(day: OpenDay, said: SaidReader | null): AsyncGenerator<Chapter> {
  const earlier = day.carried()[Symbol.asyncIterator]()
  let carried = await earlier.next()
  let shard: Shard | null = null
  const changes = new Set<string>()
  let rules: Replay = replay()
  let stories = new Map<RequestId, OpenStory>()
  // Shard 00 has them, and comes first.
  const lists = new Map<string, ReadonlySet<string>>()

  for await (const { index, text } of day.records()) {
    const event = readRecord(text)
    if (event.shard !== shard) {
      yield* storiesOf(rules, stories, lists)
      shard = event.shard
      rules = replay({ changes })
      stories = new Map()
    }
    for (let wanted = rules.missing(event); wanted !== null; wanted = stillMissing(rules, event, wanted))
      for (; carried.done !== true && carried.value.event.request === wanted; carried = await earlier.next()) {
        rules.carry(carried.value.event)
        openStory(stories, carried.value.event)?.events.push({ index: carried.value.index, event: carried.value.event })
      }
    const exceptions = rules.take(event, index)
    const withTexts = { index, event, texts: said?.concerns(event) ? await said.take(event, index) : [] }
    const members = event.type === 'roster' ? withTexts.texts.find(({ name }) => name === 'members') : undefined
    if (event.type === 'roster' && members) lists.set(event.data.group, new Set(membersIn(members.text)))
    const story = openStory(stories, event)
    story?.events.push(withTexts)
    story?.exceptions.push(...exceptions)
    // A change of policy that another shard recorded before is told once, as in the table.
    const isTold = event.type === 'policy-changed' && exceptions.length === 0
    if (!story && !isTold) yield { kind: 'log', event: withTexts }
  }
  yield* storiesOf(rules, stories, lists)
}

/** What an event needs beside what was just carried; `null` if carrying that has not helped. */
function stillMissing(rules: Replay, event: LogEvent, carried: RequestId): RequestId | null {
  const next = rules.missing(event)
  return next === carried ? null : next
}

/** The members of groups when the day began, by the groups' names. */
type MemberLists = ReadonlyMap<string, ReadonlySet<string>>

/** Compares a vote of the day with the lists of its groups. */
function compared(one: StoryEvent, lists: MemberLists): StoryEvent {
  const { event, texts } = one
  if (event.type !== 'decided' || texts === undefined || !('id' in event.actor)) return one
  const { id } = event.actor
  const unlisted = event.data.facts.groups.filter((name) => lists.get(name)?.has(id) === false)
  return unlisted.length > 0 ? { ...one, unlisted } : one
}

function openStory(stories: Map<RequestId, OpenStory>, { request }: LogEvent): OpenStory | null {
  if (request === undefined) return null
  const story = stories.get(request) ?? { events: [], exceptions: [] }
  stories.set(request, story)
  return story
}

function* storiesOf(rules: Replay, stories: ReadonlyMap<RequestId, OpenStory>, lists: MemberLists): Generator<Chapter> {
  for (const life of rules.rows()) {
    const { events, exceptions } = stories.get(life.request.id) ?? { events: [], exceptions: [] }
    yield { kind: 'request', story: { life, events: events.map((one) => compared(one, lists)), exceptions } }
  }
}
