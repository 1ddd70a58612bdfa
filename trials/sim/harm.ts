import { actionDigest } from '../../src/core/action/action.ts'
import { milliseconds } from '../../src/core/data/instant.ts'
import { endPath, endsPrefix } from '../../src/core/log/end.ts'
import { headsPrefix } from '../../src/core/log/witness.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { Answer, Heard, Told } from './deeds.ts'
import { demand } from './demand.ts'
import { checkAlike, checkRecalls, current, isSeated, placesOf, seatOf, type Stored } from './events.ts'
import { fold } from '../../test/core/log/fold.ts'
import { memberIn } from './sealedDays.ts'
import type { Stores } from './stores.ts'

/** Seconds after its file within which a redemption may be told to execute: 120, and the most that clocks differ. */
const repeatWithin = 120 + 2 * 61

/**
 * Checks that the insider did no harm. The events are those that processes wrote, so that edits of the tables cannot
 * mislead the check.
 */
export async function checkHarm(stores: Stores, heard: Heard, all: readonly Stored[]): Promise<void> {
  checkGiven(heard, all)
  checkRecalls(stores, heard, all)
  checkEnds(stores, all)
  for (const one of heard.told) checkTold(stores, one, all)
  for (const answer of heard.answers) {
    if (answer.told === 'granted') checkGranted(stores, answer, all)
    if (answer.told === 'redeemed') checkRedeemed(stores, answer, all)
  }
  await checkPublished(stores, all)
}

/** Each file of an end that a process made names a true event: an edited row cannot make the service write another one. */
function checkEnds({ seen }: Stores, all: readonly Stored[]): void {
  for (const [name, { text }] of seen.files) {
    const { act, leaf, redemption } = name.startsWith(endsPrefix) ? endIn(text) : {}
    const event = all.find(({ hash }) => hash === leaf)
    const isTrue =
      event?.type === act &&
      event?.request !== undefined &&
      endPath(event.request) === name &&
      event?.data?.redemption === redemption
    demand(3, act === undefined || isTrue, () => `${name} says what never happened: ${text}`)
  }
}

/** Each vote and each view in the events is one that a person gave, and a vote in Teams follows a view (invariant 2). */
function checkGiven({ votes, looks, talk, absences }: Heard, all: readonly Stored[]): void {
  for (const { type, request, actor, data, text } of all) {
    if (type === 'shown')
      demand(
        2,
        looks.some((one) => one.id === request && one.approver === actor.id),
        () => `nobody looked: ${text}`,
      )
    if (['asked', 'answered', 'narrowed', 'glass-broken', 'reviewed'].includes(type)) {
      const isSpoken = talk.some((one) => one.id === request && one.by === actor.id && one.type === type)
      demand(2, isSpoken, () => `nobody did that: ${text}`)
    }
    if (type === 'delegated' || type === 'recalled') {
      const isSaid = absences.some((one) => one.by === actor.id && one.type === type)
      demand(14, isSaid, () => `nobody said that: ${text}`)
    }
    if (type !== 'decided') continue
    const isGiven = votes.some(
      (one) => one.id === request && one.approver === actor.id && one.verdict === data?.verdict,
    )
    demand(2, isGiven, () => `nobody voted: ${text}`)
    const { view } = JSON.parse(text).data as { readonly view?: string }
    const isShown = all.some((one) => one.type === 'shown' && one.request === request && one.actor.id === actor.id)
    demand(2, view === undefined || isShown, () => `nobody was shown what was voted on: ${text}`)
  }
}

/** A process shows a request as its true events have it, and never an earlier state than it showed before (invariant 1). */
function checkTold(stores: Stores, { by, request, after, known }: Told, all: readonly Stored[]): void {
  const { id, events, said, action, agent, policy } = request
  const born = stores.seen.born.get(id)
  const written = all.slice(0, after).filter((one) => one.request === id)
  const mine = events.map(({ seq, hash }) => written.find((one) => one.hash === hash && one.seq === seq))
  const isTrue = mine.every((one): one is Stored => one !== undefined)
  demand(1, isTrue && born !== undefined, () => `${by} told of events of ${id} that nobody wrote`)
  if (!isTrue || !born) return
  demand(1, events.length >= known, () => `${by} told of ${known} events of ${id}, and then of ${events.length}`)
  demand(1, fold(mine) === request.status, () => `${by} said that ${id} is ${request.status}`)
  checkAlike(request, mine)
  const left = mine.findLast(({ type }) => type === 'narrowed')?.data?.digest ?? born.digest
  demand(1, action === null || actionDigest(action) === left, () => `${by} showed another action of ${id}`)
  const isBorn = JSON.stringify([agent, policy]) === JSON.stringify([born.agent, born.policy])
  demand(1, isBorn, () => `${by} showed another agent or policy of ${id}`)
  for (const { seq, name, text } of said) {
    const leaf = stores.seen.leaves.find(
      (one) => one.leaf.request === id && one.leaf.seq === seq && one.leaf.said[name]?.text === text,
    )
    demand(1, leaf !== undefined, () => `${by} showed words of ${id} that nobody wrote: ${text}`)
  }
}

/** Enough people approved what is granted, and the grant names the action and the executor that they saw (invariant 2). */
function checkGranted(
  stores: Stores,
  { id, token, after }: Answer & { told: 'granted' },
  all: readonly Stored[],
): void {
  const born = stores.seen.born.get(id)
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<
    string,
    unknown
  >
  demand(2, isSupported(stores, id, all.slice(0, after)), () => `${id} was granted, and nobody approved it`)
  const said = JSON.stringify(claims)
  const left = all.findLast((one) => one.request === id && one.type === 'narrowed')?.data?.digest ?? born?.digest
  demand(2, left !== undefined && said.includes(left), () => `${id} was granted for another action: ${said}`)
  demand(2, claims['sub'] === born?.executor, () => `${id} was granted to another: ${said}`)
}

/** A redemption comes in time, and once, whatever row was put back (invariant 3). */
function checkRedeemed(stores: Stores, answer: Answer & { told: 'redeemed' }, all: readonly Stored[]): void {
  const { id, redemption, next, at, from, after } = answer
  const before = all.slice(0, after)
  const written = before.filter((one) => one.request === id)
  demand(2, isSupported(stores, id, before), () => `${id} was redeemed, and nobody approved it`)
  const isInTime = written.some(
    (event) =>
      event.type === 'redeemed' &&
      event.data?.redemption === redemption &&
      written.some((one) => one.type === 'approved' && event.at < (one.data?.lapsesAt ?? '')),
  )
  demand(3, isInTime, () => `${id} was redeemed too late`)
  const file = stores.seen.files.get(endPath(id))
  const { act, redemption: named } = (file && endIn(file.text)) ?? {}
  demand(3, act === 'redeemed' && named === redemption, () => `${id} was redeemed as ${redemption}, and ${act} before`)
  if (next !== 'execute' || !file || file.at >= from) return
  const since = (milliseconds(at) - milliseconds(file.at)) / 1000
  demand(3, since <= repeatWithin, () => `${id} was to be executed again after ${since} s`)
}

function isSupported({ seen }: Pick<Stores, 'seen'>, id: RequestId, written: readonly Stored[]): boolean {
  const born = seen.born.get(id)
  if (born?.policy.outcome === 'allow') return true
  const mine = written.filter(({ request }) => request === id)
  if (mine.some(({ type, actor }) => type === 'glass-broken' && isSeated([['incident']], [actor.id ?? '']))) return true
  const under = mine[0]?.data?.under as RequestId | undefined
  if (under !== undefined) return isSupported({ seen }, under, written)
  const votes = current(mine).filter(({ data }) => data?.verdict === 'approve')
  const places = placesOf(mine)
  return places.length > 0 && isSeated(places, [...new Set(votes.map((vote) => seatOf(vote, written)))])
}

/**
 * A bundle has no event that the service did not write, and has every event that a file named before its day was planned
 * (invariant 7).
 */
async function checkPublished({ archive, seen }: Stores, all: readonly Stored[]): Promise<void> {
  const texts = new Map(all.map(({ text, hash }) => [text, hash]))
  const sealed = new Set<string>()
  const bundles = (await archive.list('bundles/')).map(({ name }) => name)
  for (const name of bundles)
    for (const line of memberIn(Buffer.from((await archive.read(name)) ?? []), 'records.jsonl')
      .split('\n')
      .slice(0, -1)) {
      const hash = texts.get(line)
      demand(7, hash !== undefined, () => `${name} has an event that nobody wrote: ${line}`)
      sealed.add(hash ?? '')
    }
  for (const [date, files] of seen.planned)
    for (const hash of bundles.includes(`bundles/${date}.zip`) ? files.flatMap((file) => namedIn(file, seen)) : []) {
      const event = all.find((one) => one.hash === hash)
      const isDue = event !== undefined && event.at.slice(0, 10) <= date
      demand(7, !isDue || sealed.has(hash), () => `the bundle of ${date} lacks what a file names: ${event?.text}`)
    }
}

/** The hashes of the events that a file of the service names. */
function namedIn(name: string, { files }: Stores['seen']): readonly string[] {
  const text = files.get(name)?.text ?? ''
  if (name.startsWith(endsPrefix)) return [endIn(text).leaf ?? '']
  if (!name.startsWith(headsPrefix)) return []
  const { value } = JSON.parse(text) as {
    readonly value: { readonly heads: Record<string, { readonly hash: string }> }
  }
  return Object.values(value.heads).map(({ hash }) => hash)
}

const endIn = (text: string) =>
  (JSON.parse(text) as { readonly value: { readonly act?: string; redemption?: string; leaf?: string } }).value
