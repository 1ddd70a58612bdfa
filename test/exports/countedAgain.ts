import { createHash } from 'node:crypto'

/** A leaf, as far as the tests of a day read it. */
export interface RawEvent {
  readonly type: string
  readonly shard: string
  readonly seq: number
  readonly prev: string
  readonly at: string
  readonly actor: { readonly id?: string }
  readonly request?: string
  readonly data?: Record<string, unknown>
}

type Count = readonly [population: number, exceptions: number]

/** An event with its own hash, and whether it is of the day. */
export interface HashedEvent {
  readonly event: RawEvent
  readonly hash: string
  readonly isOfDay: boolean
}

const lists = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : [])

/**
 * Counts the tests of a day anew, without any code of the product, by going through all events again for each element of a
 * population.
 *
 * @param before the number of the last event before the day, by shard
 */
export function countedAgain(all: readonly HashedEvent[], before: Readonly<Record<string, number>>) {
  const today = all.filter(({ isOfDay }) => isOfDay)
  const ofType = (...types: string[]) => today.filter(({ event }) => types.includes(event.type))
  const history = (one: RawEvent) =>
    all.filter(({ event }) => event.request === one.request && event.shard === one.shard && event.seq < one.seq)
  const askOf = (one: RawEvent) => history(one).find(({ event }) => event.type === 'requested')?.event
  const count = (population: readonly HashedEvent[], isException: (one: RawEvent) => boolean): Count => [
    population.length,
    population.filter(({ event }) => isException(event)).length,
  ]
  const votes = ofType('decided', 'glass-broken').filter(({ event }) => event.data?.['verdict'] !== 'deny')
  const reports = ofType('succeeded', 'failed', 'unreported').filter(
    ({ event }) =>
      event.type === 'unreported' || !history(event).some(({ event: earlier }) => earlier.type === 'unreported'),
  )
  return {
    'no-self-approval': count(votes, (vote) => isOwn(vote, askOf(vote))),
    'redeemed-only-when-approved': count(ofType('redeemed'), (one) => !wasApproved(one, history(one), askOf(one))),
    'quorum-met': count(
      ofType('approved').filter(({ event }) => event.data?.['by'] === 'quorum'),
      (one) => !hadQuorum(history(one), askOf(one)),
    ),
    'outcome-reported': count(reports, ({ type }) => type === 'unreported'),
    'log-complete': [
      today.length,
      gapsIn(today, before) + today.filter(({ event }) => event.type === 'tampered').length,
    ] as const,
  } satisfies Record<string, Count>
}

function isOwn({ actor, data }: RawEvent, ask: RawEvent | undefined): boolean {
  const facts = data?.['facts'] as Record<string, unknown>
  const own = [actor.id, ...lists(facts['accounts'])]
  const barred = [ask?.actor.id, ask?.data?.['executor'], ...lists(ask?.data?.['excluded'])]
  return !ask || own.some((id) => barred.includes(id))
}

function wasApproved(one: RawEvent, history: readonly HashedEvent[], ask: RawEvent | undefined): boolean {
  const turns = ['approved', 'redeemed', 'revoked', 'cancelled', 'lapsed', 'expired', 'denied', 'tampered']
  const last = history.map(({ event }) => event).findLast(({ type }) => turns.includes(type))
  if (last?.type !== 'approved') return false
  const narrowed = history.map(({ event }) => event).findLast(({ type }) => type === 'narrowed')
  const { digest } = (narrowed ?? ask)?.data ?? {}
  return one.at < String(last.data?.['lapsesAt']) && one.data?.['digest'] === digest
}

interface RawSlot {
  readonly quorum: number
  readonly groups: string[]
  readonly later?: { readonly after: number; readonly groups: string[] }
}

/** Whether different people can be put on all places: tries every way. */
function hadQuorum(history: readonly HashedEvent[], ask: RawEvent | undefined): boolean {
  const slots = structuredClone((ask?.data?.['requirement'] ?? []) as RawSlot[])
  if (slots.length === 0) return false
  const upTo = (end: number) => votesIn(history.slice(0, end))
  for (const [i, { event }] of history.entries()) {
    if (event.type !== 'escalated') continue
    const free = slots.filter((slot) => !isFilled(slots, slot, upTo(i)))
    for (const slot of free)
      if (slot.later && Date.parse(event.at) - Date.parse(String(ask?.at)) >= slot.later.after * 1000)
        slot.groups.push(...slot.later.groups)
  }
  return places(slots).length <= seated(places(slots), votesIn(history))
}

function votesIn(history: readonly HashedEvent[]): readonly (readonly string[])[] {
  const content = history.findLastIndex(({ event }) => event.type === 'answered')
  const newest = new Map<string | undefined, HashedEvent>()
  for (const one of history) if (one.event.type === 'decided') newest.set(one.event.actor.id, one)
  const voided = new Set(history.map(({ event }) => (event.type === 'vote-void' ? event.data?.['vote'] : undefined)))
  return [...newest.values()]
    .filter((one) => history.indexOf(one) > content && !voided.has(one.hash))
    .filter(({ event }) => event.data?.['verdict'] === 'approve')
    .map(({ event }) => lists((event.data?.['facts'] as Record<string, unknown> | undefined)?.['groups']))
}

const places = (slots: readonly RawSlot[]): readonly RawSlot[] =>
  slots.flatMap((slot) => Array.from({ length: slot.quorum }, () => slot))

/** The most places on which one of these people each can be put. */
function seated([place, ...others]: readonly RawSlot[], people: readonly (readonly string[])[]): number {
  if (!place) return 0
  const fitting = people.filter((groups) => groups.some((group) => place.groups.includes(group)))
  const ways = fitting.map(
    (person) =>
      1 +
      seated(
        others,
        people.filter((one) => one !== person),
      ),
  )
  return Math.max(seated(others, people), ...ways)
}

/** Whether all places of a slot are taken when as many people as possible sit on all of them. */
const isFilled = (slots: readonly RawSlot[], slot: RawSlot, people: readonly (readonly string[])[]): boolean =>
  seated(places(slots), people) - seated(places(slots.filter((one) => one !== slot)), people) >= slot.quorum

function gapsIn(today: readonly HashedEvent[], before: Readonly<Record<string, number>>): number {
  let gaps = 0
  for (const [shard, last] of Object.entries(before)) {
    const own = today.filter(({ event }) => event.shard === shard)
    for (const [i, { event }] of own.entries()) {
      const prior = own[i - 1]
      if (event.seq !== (prior?.event.seq ?? last) + 1 || (prior && prior.hash !== event.prev)) gaps += 1
    }
  }
  return gaps
}

const leavesIn = (lines: string | undefined): readonly string[] => (lines ?? '').split('\n').slice(0, -1)

/** The carried events of a bundle and those of the day, in the order of the log: shard by shard. */
export function hashedEvents(members: ReadonlyMap<string, Buffer>): readonly HashedEvent[] {
  const carried = leavesIn(members.get('carried.jsonl')?.toString()).map(
    (line) => (JSON.parse(line) as { leaf: string }).leaf,
  )
  const all = [
    ...carried.map((leaf) => [leaf, false] as const),
    ...leavesIn(members.get('records.jsonl')?.toString()).map((leaf) => [leaf, true] as const),
  ].map(([leaf, isOfDay]) => {
    const hash = createHash('sha256')
      .update(Buffer.concat([Buffer.from([0]), Buffer.from(leaf)]))
      .digest('hex')
    return { event: JSON.parse(leaf) as RawEvent, hash, isOfDay }
  })
  const place = ({ event: { shard, seq } }: HashedEvent): string => `${shard} ${String(seq).padStart(12, '0')}`
  return all.sort((a, b) => (place(a) < place(b) ? -1 : 1))
}

/** Counts the tests of a bundle anew. */
export function dayTests(members: ReadonlyMap<string, Buffer>) {
  const { dsseEnvelope } = JSON.parse(members.get('manifest.sigstore.json')?.toString() ?? '') as {
    dsseEnvelope: { payload: string }
  }
  const { predicate } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()) as {
    predicate: { shards: Record<string, { from: number }> }
  }
  const before = Object.entries(predicate.shards).map(([shard, { from }]) => [shard, from])
  return countedAgain(hashedEvents(members), Object.fromEntries(before) as Record<string, number>)
}
