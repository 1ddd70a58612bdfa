import { type Day, dayOf } from '../core/data/day.ts'
import type { Fact } from '../core/request/event.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { DayExceptions } from '../verify/exceptionTable.ts'
import { absencesIn } from '../verify/absence.ts'
import type { SaidOfDay } from '../verify/examination.ts'
import type { Story, StoryEvent } from '../verify/requestStory.ts'
import { reportStep } from '../words/reportStep.ts'
import { spoken } from '../words/spoken.ts'

/** The verified bundle that a report is about. */
export interface Reported {
  readonly manifest: Manifest
  /** What the said file has; absent if it was not given. */
  readonly said?: SaidOfDay
  readonly exceptions: DayExceptions
  readonly known?: KnownOfDay
  /** Draws what approvers of a request were shown, by the number of the event; absent where it cannot. */
  readonly cards?: (events: Story['events']) => Promise<ReadonlyMap<number, ShownCard>>
}

/** What the policies of a bundle tell of its requests. */
export interface KnownOfDay {
  /** `name (object id)`, or the id alone. */
  readonly full: (id: string) => string
  readonly controlsOf: (policy: { readonly version: string; readonly rules: readonly string[] }) => readonly string[]
}

/** A request in words: who asked, why, for what, who decided, what they saw, whether it ran, what was odd. */
export interface Account {
  readonly id: string
  readonly state: string
  readonly at: string
  /** With its name, if that is known. */
  readonly agent: string
  /** The controls that its rules serve, if they are known. */
  readonly controls: readonly string[]
  /** The display name of a person who answers for the agent; absent if it was not recorded, not given or erased. */
  readonly owner?: string
  /** The day of the ask, if it was an earlier one. That day's said file has the reason and the action. */
  readonly earlier?: Day
  readonly verb: string
  /** The members of the canonical action; absent if its text was not given or was erased. */
  readonly action?: JsonObject
  readonly digest: string
  readonly reason?: string
  readonly links: readonly { readonly title: string; readonly url: string }[]
  readonly policy: string
  readonly steps: readonly StoryStep[]
  readonly exceptions: readonly string[]
  /** The texts that are missing, each with the record that says that it was erased, or that none does. */
  readonly missing: readonly string[]
}

/** One thing that happened. */
export interface StoryStep {
  readonly at: string
  readonly kind: 'decision' | 'talk' | 'view' | 'run' | 'other'
  readonly what: string
  readonly who: string
  /** The text that the person or agent wrote. */
  readonly words?: string
  /** What the person was shown, as HTML that is safe; or in words why it is not drawn. */
  readonly card?: ShownCard
}

/** What a person was shown, for a page. */
export type ShownCard = { readonly html: string } | { readonly why: string }

interface Told {
  readonly known?: KnownOfDay | undefined
  /** What approvers were shown, by the number of the event. */
  readonly cards?: ReadonlyMap<number, ShownCard> | undefined
  /** Whether all texts of the day were given, so that a missing one is worth a word. */
  readonly hasSaid?: boolean
}

/** Puts a request's story into words. */
export function accountOf({ life, events, exceptions }: Story, { cards, hasSaid = false, known }: Told = {}): Account {
  const { request } = life
  const [first] = events
  const action = textIn(first, 'action')
  const reason = textIn(first, 'reason')
  const owner = textIn(first, 'owner')
  const { policy } = request
  return {
    id: request.id,
    state: request.status,
    at: request.createdAt,
    agent: known?.full(request.agent.id) ?? request.agent.id,
    controls: known?.controlsOf(policy) ?? [],
    ...(owner !== undefined && { owner }),
    ...(first && !first.texts && { earlier: dayOf(request.createdAt) }),
    verb: request.verb,
    ...(action !== undefined && { action: objectIn(action) }),
    digest: request.digest,
    ...(reason !== undefined && { reason }),
    links: linksIn(textIn(first, 'links')),
    policy: spoken.request.policy(policy.outcome, request.requirement?.tier, policy.rules),
    steps: events.map((one) => ({ ...stepOf(one, known), ...cardIn(cards, one) })),
    missing: hasSaid ? missingIn(events) : [],
    exceptions: exceptions.map(({ kind, detail }) => [kind, detail].filter(Boolean).join(': ')),
  }
}

const missingIn = (events: readonly StoryEvent[]): readonly string[] =>
  absencesIn(events).map(({ index, name, erased }) =>
    erased === undefined
      ? `${name} of record ${index}: missing, and no record up to this day says that it was erased`
      : `${name} of record ${index}: erased, as record ${erased} says`,
  )

function cardIn(cards: Told['cards'], { event: { seq } }: StoryEvent): Pick<StoryStep, 'card'> {
  const card = cards?.get(seq)
  return card ? { card } : {}
}

function stepOf(one: StoryEvent, known?: KnownOfDay): StoryStep {
  const { event, unlisted } = one
  const name = textIn(one, 'name')
  const words = ownWords.map((part) => textIn(one, part)).find((text) => text !== undefined)
  const id = 'id' in event.actor ? event.actor.id : event.actor.kind
  return {
    at: event.at,
    who: name === undefined ? (known?.full(id) ?? id) : `${name} (${id})`,
    kind: kinds[event.type],
    what: reportStep(event, spoken) + (unlisted ? spoken.unlisted(unlisted) : ''),
    ...(words !== undefined && event.type !== 'requested' && { words }),
  }
}

/** The texts in which a person or an agent says something in an event, of which each has one at most. */
const ownWords = ['reason', 'summary', 'question', 'answer'] as const

const kinds: Readonly<Record<Fact['type'], StoryStep['kind']>> = {
  requested: 'other',
  shown: 'view',
  decided: 'decision',
  approved: 'decision',
  denied: 'decision',
  revoked: 'decision',
  'vote-void': 'decision',
  redeemed: 'run',
  succeeded: 'run',
  failed: 'run',
  unreported: 'run',
  lapsed: 'run',
  expired: 'other',
  cancelled: 'other',
  undeliverable: 'other',
  'policy-changed': 'other',
  'key-rotated': 'other',
  'erasure-asked': 'other',
  erased: 'other',
  tampered: 'other',
  exported: 'other',
  held: 'other',
  released: 'other',
  refused: 'other',
  roster: 'other',
  asked: 'talk',
  answered: 'talk',
  narrowed: 'talk',
  reminded: 'other',
  escalated: 'other',
  'glass-broken': 'decision',
  reviewed: 'decision',
  unreviewed: 'other',
  used: 'run',
  ended: 'other',
  delegated: 'other',
  recalled: 'other',
}

/** Puts an event that is about no request into words. */
export const noteOf = (one: StoryEvent): StoryStep => {
  const words = textIn(one, 'why') ?? textIn(one, 'ref')
  return { ...stepOf(one), ...(words !== undefined && { words }) }
}

const textIn = (one: StoryEvent | undefined, name: string): string | undefined =>
  one?.texts?.find((text) => text.name === name)?.text

/** Reads the action as an object. Its digest was verified, so that the service wrote this text. */
function objectIn(text: string): JsonObject {
  const { type: _type, ...action } = JSON.parse(text) as JsonObject
  return action
}

function linksIn(text = '[]'): Account['links'] {
  const links = JSON.parse(text) as Json
  if (!Array.isArray(links)) return []
  return links.filter(isObject).map(({ title, url }) => ({ title: textOf(title), url: textOf(url) }))
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
