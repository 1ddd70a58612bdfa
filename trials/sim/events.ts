import { createHash } from 'node:crypto'
import type { Hex, ObjectId, RequestId } from '../../src/core/data/id.ts'
import { shards } from '../../src/core/data/id.ts'
import { type Life, live } from '../../src/core/record/replayedRequest.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { fold, type Read } from '../../test/core/log/fold.ts'
import { demand } from './demand.ts'
import type { Heard } from './deeds.ts'
import { deputy, eligible, excluded, personOf } from './roster.ts'
import type { Stores } from './stores.ts'

/** An event as it is stored. */
export interface Stored extends Read {
  readonly text: string
  readonly hash: Hex
  readonly shard: string
  readonly request?: RequestId
}

/** Everything the ledger holds, shard by shard; numbers dense, hashes chained, times never backwards (invariant 6). */
export async function storedIn({ ledger, seen }: Stores): Promise<readonly Stored[]> {
  const all: Stored[] = []
  for (const shard of new Set(seen.leaves.map((one) => one.shard))) {
    let prev = '0'.repeat(64)
    let [seq, at] = [0, '']
    for await (const page of ledger.stream(shard, 0, 1e9))
      for (const { text } of page) {
        const event = JSON.parse(text) as Omit<Stored, 'text' | 'hash'>
        seq += 1
        demand(
          6,
          event.seq === seq && event.prev === prev && event.shard === shard,
          () => `event ${seq} of ${shard} is not chained`,
        )
        demand(10, event.at >= at, () => `time runs backwards at ${seq} of ${shard}`)
        at = event.at
        prev = createHash('sha256').update('\0').update(text).digest('hex')
        all.push({ ...event, text, hash: prev as Hex })
      }
    const { head } = await ledger.load(shard, {})
    demand(6, head.seq === seq && head.hash === prev, () => `the head of ${shard} is not its newest event`)
  }
  for (const shard of shards)
    demand(
      6,
      all.some((one) => one.shard === shard) || (await ledger.load(shard, {})).head.seq === 0,
      () => `${shard} has a head alone`,
    )
  return all
}

/** Every event that processes wrote, in this order, whatever became of the rows. */
export const writtenIn = ({ seen }: Stores): readonly Stored[] =>
  seen.leaves.map(({ shard, leaf: { text, hash } }) => ({
    ...(JSON.parse(text) as Omit<Stored, 'text' | 'hash' | 'shard'>),
    ...{ text, hash, shard },
  }))

/** What was written stays as it was, all of it and nothing else (invariants 6 and 10). */
export function checkKept({ seen }: Stores, all: readonly Stored[]): void {
  const kept = new Map(all.map((event) => [`${event.shard}/${event.seq}`, event.text]))
  for (const { shard, leaf } of seen.leaves)
    demand(
      10,
      kept.get(`${shard}/${leaf.seq}`) === leaf.text,
      () => `event ${leaf.seq} of ${shard} is not as it was written`,
    )
  demand(
    6,
    kept.size === seen.leaves.length,
    () => `${kept.size} events are stored, ${seen.leaves.length} were written`,
  )
}

/** Each request is what its events say, and they are what the rules allow (invariants 1, 2, 3 and 8). */
export async function checkLives({ ledger }: Stores, all: readonly Stored[]): Promise<void> {
  for (const [id, events] of livesIn(all)) {
    const request = await ledger.find(id)
    const status = attempt(() => fold(events), `${id}: ${events.map(({ type }) => type).join(' ')}`)
    demand(1, request?.status === status, () => `${id} is ${request?.status}, its events say ${status}`)
    if (!request) continue
    const refs = events.map(({ seq, type, hash }) => ({ seq, type, hash }))
    demand(1, same(request.events, refs), () => `${id} knows other events than there are`)
    checkAlike(request, events)
    checkApproval(events, all)
  }
}

/** The events of each request, oldest first. */
export function livesIn(all: readonly Stored[]): ReadonlyMap<RequestId, readonly Stored[]> {
  const lives = new Map<RequestId, Stored[]>()
  for (const event of all) if (event.request) lives.set(event.request, [...(lives.get(event.request) ?? []), event])
  return lives
}

/** The same as the core makes of the events, but for what people wrote (invariant 1). */
export function checkAlike(request: Life['request'], events: readonly Stored[]): void {
  const life = replayed(events)
  const facts = ({
    status,
    digest,
    executor,
    requirement,
    decisions,
    shown,
    undeliverable,
    createdAt,
    questions,
    reminded,
    escalated,
    narrowed,
    askedDigest,
    glass,
    standing,
    under,
    use,
  }: Life['request']) => ({
    ...{ status, digest, executor, requirement, decisions, shown, undeliverable, createdAt },
    ...{ questions, reminded, escalated, narrowed, askedDigest, glass, standing, under, use },
  })
  const more = (one: Life['request']) => [
    'closedAt' in one && one.closedAt,
    'closedBy' in one && one.closedBy,
    'lapsesAt' in one && one.lapsesAt,
    'redemption' in one && [one.redemption, one.redeemedAt, one.unreported],
  ]
  demand(
    1,
    same(facts(request), facts(life)) && same(more(request), more(life)),
    () => `${request.id} is not the fold of its events`,
  )
}

function replayed(events: readonly Stored[]): Life['request'] {
  let life: Life | undefined
  let owed = 0
  for (const { text, hash } of events) {
    if (owed > 0) {
      owed -= 1
      continue
    }
    const step = attempt(() => live(life, readRecord(text), hash), text)
    life = step.life
    owed = step.rest.length
  }
  if (!life) throw new Error('A request has events.')
  return life.request
}

/** Who approved, by what the roster says of them now and not by what was recorded of them. */
function checkApproval(events: readonly Stored[], all: readonly Stored[]): void {
  const approved = events.find(({ type }) => type === 'approved')
  if (approved?.data?.by !== 'quorum') return
  const people = [...new Set(current(events).map((vote) => seatOf(vote, all)))]
  demand(2, isSeated(placesOf(events), people), () => `${approved.request} was approved by ${people.join(', ')}`)
}

/** The places of a request, for its groups and those that joined later. */
export function placesOf(events: readonly Pick<Stored, 'type' | 'data'>[]): readonly (readonly string[])[] {
  const isLater = events.some(({ type }) => type === 'escalated')
  const slots = events[0]?.data?.requirement ?? []
  return slots.flatMap(({ groups, later, quorum }) =>
    Array.from({ length: quorum }, () => (isLater ? [...groups, ...(later?.groups ?? [])] : groups)),
  )
}

/** The votes since the newest answer or narrowing: those from before it count no more (invariant 11). */
export const current = (events: readonly Stored[]): readonly Stored[] =>
  events
    .slice(events.findLastIndex(({ type }) => type === 'answered' || type === 'narrowed') + 1)
    .filter(({ type }) => type === 'decided')

/**
 * Who sits in the place of a vote: the account, and behind it that of a member who said to be away and named this deputy, by
 * the true events alone (invariant 14).
 */
export function seatOf({ actor: { id = '' }, at, data, text }: Stored, all: readonly Stored[]): string {
  const standIn = data?.facts?.for
  if (!standIn) return id
  const away = all.find(({ hash, type }) => hash === standIn.event && type === 'delegated')
  const { to, until, groups = [] } = (away?.data ?? {}) as Partial<Record<'to' | 'until', string>> & Read['data'] & {}
  const member = away?.actor.id ?? ''
  const isSaid = to === id && id === deputy && standIn.groups.every((group) => groups.includes(group))
  const isNow = away !== undefined && Date.parse(away.at) <= Date.parse(at) + 122_000 && at < (until ?? '')
  demand(14, isSaid && isNow && standIn.accounts.includes(member as ObjectId), () => `nobody let them act: ${text}`)
  return `${id} ${member}`
}

/** After a member was told that their absence is over, no vote rests on it that began later (invariant 14). */
export function checkRecalls({ seen }: Pick<Stores, 'seen'>, { votes, recalls }: Heard, all: readonly Stored[]): void {
  for (const { type, request, actor, data, text, hash } of all) {
    const over = recalls.find(({ event }) => type === 'decided' && data?.facts?.for?.event === event)
    if (!over) continue
    const place = seen.leaves.findIndex(({ leaf }) => leaf.hash === hash)
    const isGiven = votes.some(
      ({ id, approver, after, ended }) =>
        id === request && approver === actor.id && after < over.after && (ended === null || place < ended),
    )
    demand(14, isGiven, () => `the member was back: ${text}`)
  }
}

/** A broken glass is reviewed by another person, or that nobody did is in the log (invariant 12). */
export function checkReviews(all: readonly Stored[]): void {
  for (const [id, events] of livesIn(all)) {
    const broken = events.find(({ type }) => type === 'glass-broken')
    if (!broken) continue
    const by = broken.actor.id ?? ''
    demand(12, eligible['incident']?.includes(by) === true, () => `${id}: the glass was broken by ${by}`)
    const reviewed = events.find(({ type }) => type === 'reviewed')
    const isOther = personOf(reviewed?.actor.id ?? '') !== personOf(by)
    demand(12, isOther, () => `${id}: who broke the glass reviewed that`)
    const isKnown = reviewed !== undefined || events.some(({ type }) => type === 'unreviewed')
    demand(12, isKnown, () => `${id}: nobody reviewed that the glass was broken, and no event says so`)
  }
}

/** What is redeemed is what was asked for, or what approvers left of that by a param that the request names (invariant 15). */
export function checkNarrowed(all: readonly Stored[]): void {
  for (const [id, events] of livesIn(all)) {
    const [asked] = events
    const narrowed = events.filter(({ type }) => type === 'narrowed')
    for (const { data, text } of narrowed) {
      const { narrowable = [] } = asked?.data ?? {}
      demand(15, data?.params?.every((name) => narrowable.includes(name)) === true, () => `${id}: ${text}`)
    }
    const redeemed = events.find(({ type }) => type === 'redeemed')
    const left = [asked, ...narrowed].at(-1)?.data?.digest
    demand(
      15,
      !redeemed || redeemed.data?.digest === left,
      () => `${id}: something larger was redeemed: ${redeemed?.text}`,
    )
  }
}

/** Of a standing approval as many uses are in the log as were approved, one after another, and none after its end (invariant 13). */
export function checkUses(all: readonly Stored[]): void {
  const lives = livesIn(all)
  for (const [id, events] of lives) {
    const [asked] = events
    const under = asked?.data?.under
    if (under !== undefined) {
      const standing = lives.get(under as RequestId) ?? []
      const isCounted = standing.some(
        ({ type, data, at }) => type === 'used' && data?.request === id && at === asked?.at,
      )
      demand(13, isCounted, () => `${id} is a use of ${under}, and is not counted`)
      const redeemed = events.find(({ type }) => type === 'redeemed')
      const revoked = standing.find(({ type }) => type === 'revoked' || type === 'cancelled')
      const isBefore = !redeemed || !revoked || redeemed.seq < revoked.seq
      demand(13, isBefore, () => `${id} was redeemed after ${under} was taken back`)
    }
    const terms = asked?.data?.standing
    const uses = events.filter(({ type }) => type === 'used')
    const approved = events.find(({ type }) => type === 'approved')
    const ended = events.find(({ type }) => ['ended', 'revoked', 'cancelled'].includes(type))
    const isWithin = uses.every(
      ({ at, seq, data }, i) =>
        data?.use === i + 1 && at < (approved?.data?.lapsesAt ?? '') && (!ended || seq < ended.seq),
    )
    demand(13, uses.length <= (terms?.uses ?? 0) && isWithin, () => `${id} was used otherwise than it was approved`)
  }
}

/** Whether distinct people who may decide can take all places, by what the roster says of them. */
export function isSeated(places: readonly (readonly string[])[], people: readonly string[]): boolean {
  const [groups, ...rest] = places
  if (!groups) return true
  return people.some(
    (one) =>
      mayTake(one, groups) &&
      isSeated(
        rest,
        people.filter((other) => !peopleIn(other).some((person) => peopleIn(one).includes(person))),
      ),
  )
}

const peopleIn = (seat: string): readonly string[] => seat.split(' ').map(personOf)

/** Whether somebody in a seat is of one of the groups, and nobody in it is excluded. */
const mayTake = (seat: string, groups: readonly string[]): boolean => {
  const accounts = seat.split(' ')
  const isOf = groups.some((group) => accounts.some((one) => eligible[group]?.includes(one)))
  return isOf && !accounts.some((one) => excluded.includes(one))
}

function attempt<T>(work: () => T, about: string): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)} (${about})`, { cause })
  }
}

const same = (a: unknown, b: unknown): boolean => sorted(a) === sorted(b)

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  ) ?? 'undefined'
