import type { RequestId } from '../../src/core/data/id.ts'
import { demand } from './demand.ts'
import { livesIn, type Stored, writtenIn } from './events.ts'
import { notesFor, wantedWithin } from './roster.ts'
import type { Stores } from './stores.ts'

/** An event that tells people again of a request which waits for them. */
type Prompt = 'reminded' | 'escalated'

const prompts: readonly string[] = ['reminded', 'escalated'] satisfies readonly Prompt[]

export const isPrompt = (type: string): boolean => prompts.includes(type)

/** What ends the time in which people decide. */
const ends: readonly string[] = ['approved', 'denied', 'expired', 'cancelled']

/** What people do in that time alone. */
const deeds: readonly string[] = ['decided', 'asked', 'answered', 'narrowed', 'glass-broken', ...prompts]

/**
 * Deadlines and prompts come when the annotations of the rule say so, by the clock of the events (invariants 8 and 13). All
 * times are computed here: what the product wrote down of them is compared with that.
 */
export function checkTimes(all: readonly Stored[]): void {
  for (const [id, events] of livesIn(all))
    for (const [i, event] of events.entries()) checkTime(id, event, events.slice(0, i))
}

function checkTime(id: RequestId, event: Stored, before: readonly Stored[]): void {
  const { type, data = {} } = event
  if (before.length === 0 || before.some((one) => ends.includes(one.type))) return
  const at = Date.parse(event.at)
  const deadline = deadlineAfter(before)
  demand(8, !deeds.includes(type) || at < deadline, () => `${id}: ${type} after the deadline`)
  demand(8, type !== 'expired' || at >= deadline, () => `${id} expired before its deadline`)
  if (isPrompt(type))
    demand(13, owedAt(before, at).includes(type as Prompt), () => `${id}: ${type} at ${event.at}, when it was not due`)
  if (type === 'escalated')
    demand(13, same(data.groups, escalationIn(before)?.groups), () => `${id}: other groups joined than the rule names`)
  if (type === 'asked') {
    const moved = deadlineAfter([...before, event])
    const expected = moved === deadline ? undefined : new Date(moved).toISOString()
    demand(13, data.expiresAt === expected, () => `${id}: a question moved the deadline to ${data.expiresAt}`)
  }
}

const same = (groups: readonly string[] = [], others: readonly string[] = []): boolean =>
  groups.toSorted().join() === others.toSorted().join()

/** The requests of which a prompt is due at a moment, and has not come. Times are in ms. */
export function owing(stores: Stores, now: number): readonly string[] {
  const lives = [...livesIn(writtenIn(stores))]
  return lives.flatMap(([id, events]) => owedAt(events, now).map((type) => `${id}: ${type}`))
}

/** The prompts that a request is owed at a moment, after these events. */
function owedAt(events: readonly Stored[], now: number): readonly Prompt[] {
  const of = (type: string) => events.filter((one) => one.type === type)
  const isWaiting = !events.some(({ type }) => ends.includes(type)) && now < deadlineAfter(events)
  // While a question is open people are told of nothing else.
  if (!isWaiting || of('asked').length > of('answered').length) return []
  const last = Date.parse((of('reminded').at(-1) ?? events[0])?.at ?? '')
  const isReminding = remindersIn(events).some((moment) => moment > last && moment <= now)
  // Rules that escalate have one slot, which is not filled as long as the request waits.
  const escalation = of('escalated').length > 0 ? null : escalationIn(events)
  return [
    ...(isReminding ? (['reminded'] as const) : []),
    ...(escalation && escalation.at <= now ? (['escalated'] as const) : []),
  ]
}

/** What the rule says of the request that these events began. */
function termsIn([requested]: readonly Stored[]) {
  const born = Date.parse(requested?.at ?? '')
  const notes = notesFor(requested?.data?.action ?? '')
  const last = born + duration(notes['expires'] ?? 'PT1H')
  return { notes, born, last, first: Math.min(last, born + wantedWithin * 1000) }
}

/** Until when people decide: as the agent and the rule want it, and later if questions moved it. */
function deadlineAfter(events: readonly Stored[]): number {
  const { notes, last, first } = termsIn(events)
  const within = notes['answer']
  if (within === undefined) return first
  const asked = events.filter(({ type }) => type === 'asked').map(({ at }) => Date.parse(at) + duration(within))
  return Math.max(first, ...asked.map((moment) => Math.min(last, moment)))
}

function remindersIn(events: readonly Stored[]): readonly number[] {
  const { notes, born, first } = termsIn(events)
  const wanted = notes['remind']?.split(',').map((one) => duration(one.trim())) ?? []
  const deadline = deadlineAfter(events)
  return wanted
    .filter((ms) => Math.abs(ms) < first - born)
    .map((ms) => (ms < 0 ? deadline : born) + ms)
    .filter((moment) => moment < deadline)
}

function escalationIn(events: readonly Stored[]): { readonly at: number; readonly groups: readonly string[] } | null {
  const { notes, born } = termsIn(events)
  const [after, groups] = notes['escalate']?.split(':') ?? []
  if (after === undefined || groups === undefined) return null
  return { at: born + duration(after.trim()), groups: groups.split('|').map((name) => name.trim()) }
}

/** Reads hours and minutes as `PT1H30M`, or with a minus before. @returns ms */
function duration(text: string): number {
  const [, sign = '', hours = '0', minutes = '0'] = /^(-?)PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(text) ?? []
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000
  if (ms === 0) throw new Error(`The annotation's time ${text} cannot be read.`)
  return sign === '-' ? -ms : ms
}
