import { controlCharacter } from '../action/action.ts'
import { flawInKey, isOwn } from '../action/key.ts'
import { bounds } from '../data/bound.ts'
import { isForeignDoor } from '../request/decision.ts'
import { type Tier, tiers } from '../request/event.ts'
import { isoSeconds } from '../data/measure.ts'
import { controlsIn } from './controls.ts'
import type { Glass, Provisions, SessionTerms, Slot } from '../request/requirement.ts'
import { doorPattern, groupPattern, sizes, slotKey } from './sizes.ts'

/** The terms of every rule that can lead to an approval. Times are in seconds. */
export interface CommonTerms {
  readonly lapse: number
  readonly grant: number
  readonly summary?: string
}

/** The terms of a rule of `allow.cedar`. */
export interface AllowTerms extends CommonTerms {
  /** Whether the rule also matches an action with a command that rules cannot see. */
  readonly anyCommand: boolean
}

/** The terms of a rule of `approve.cedar`. */
export interface ApproveTerms extends CommonTerms, Provisions {
  readonly slots: readonly Slot[]
  readonly expires: number
  readonly tier: Tier
  /** The slots from which the agent's own word must not take a person whom no other could replace. */
  readonly independent?: readonly Slot[]
  /** The doors through which people may approve, sorted. Absent if every door may. */
  readonly via?: readonly string[]
  /** Present if channels are shown no more of the action than verb and target. */
  readonly private?: true
}

/** The groups that a rule names: those that fill its slots, at once or later, and those that may break the glass. */
export const groupsNamedBy = ({ slots, glass }: ApproveTerms): readonly string[] => [
  ...slots.flatMap(({ groups, later }) => [...groups, ...(later?.groups ?? [])]),
  ...(glass?.groups ?? []),
]

/** A rule's annotations, as text. `refuse` throws a flaw at the annotation's line. */
export interface Notes {
  readonly given: ReadonlyMap<string, string>
  readonly refuse: (annotation: string, reason: string) => never
}

const hour = 3_600
const day = 24 * hour
const week = 7 * day

/** Reads the annotations of a rule of `approve.cedar`. `@approvers` is required; the rest has defaults. */
export function approveTerms(notes: Notes, groupExists: (name: string) => boolean): ApproveTerms {
  const known = ['approvers', 'independent', 'expires', 'lapse', 'grant', 'tier', 'via', 'private']
  const beside = ['answer', 'remind', 'escalate', 'breakglass', 'review', 'session', 'uses', 'vary', 'narrow']
  refuseUnknown(notes, [...known, ...beside, 'controls', 'summary', 'like'])
  const slots = escalated(notes, approvers(notes, groupExists), groupExists)
  checkHighDoors(notes)
  return {
    slots,
    ...(isIndependent(notes) && { independent: slots }),
    expires: duration(notes, 'expires', { least: 60, most: week, otherwise: hour }),
    tier: tier(notes),
    ...doors(notes),
    ...isPrivate(notes),
    ...provisions(notes, groupExists),
    ...times(notes),
    ...summary(notes),
  }
}

/** Reads the annotations of a rule of `allow.cedar`. */
export function allowTerms(notes: Notes): AllowTerms {
  refuseUnknown(notes, ['command', 'lapse', 'grant', 'controls', 'summary', 'like'])
  return { anyCommand: anyCommand(notes), ...times(notes), ...summary(notes) }
}

/** Checks the annotations of a rule of `forbid.cedar`. They are for readers only and change nothing. */
export function forbidTerms(notes: Notes): null {
  refuseUnknown(notes, ['controls', 'summary', 'like'])
  summary(notes)
  return null
}

/** Refuses unknown annotations, because a misspelt one would silently weaken its rule. `@id` is known in every file. */
function refuseUnknown(notes: Notes, known: readonly string[]): void {
  for (const name of notes.given.keys())
    if (name !== 'id' && !known.includes(name)) notes.refuse(name, `@${name} is not known in this file`)
  const controls = notes.given.get('controls')
  if (controls !== undefined && !/^[A-Za-z0-9][\w.()-]{0,31}(\s*,\s*[A-Za-z0-9][\w.()-]{0,31})*$/.test(controls))
    notes.refuse('controls', '@controls is a list as "AC-6(9), CC6.1"')
  if (controls !== undefined && controlsIn(controls).length > sizes.controls)
    notes.refuse('controls', `@controls names at most ${sizes.controls} controls`)
  if ((notes.given.get('like') ?? 'literal') !== 'literal') notes.refuse('like', '@like is written as @like("literal")')
}

/** Reads `dba:2, security|oncall`: commas separate slots, bars separate groups, the number is the slot's quorum. */
function approvers(notes: Notes, groupExists: (name: string) => boolean): readonly Slot[] {
  const refuse = (reason: string): never => notes.refuse('approvers', reason)
  const text = notes.given.get('approvers') ?? refuse('@approvers is missing: say who must approve')
  const slots = text.split(',').map((part): Slot => {
    const [names = '', number, ...rest] = part.split(':').map((piece) => piece.trim())
    const groups = names.split('|').map((name) => name.trim())
    if (rest.length || groups.some((name) => !groupPattern.test(name)) || !/^([1-9]\d?)?$/.test(number ?? '1'))
      refuse(`@approvers is written as "dba:2, security|oncall", not as "${text}"`)
    if (number === '') refuse('@approvers has a colon without a number')
    if (groups.length > sizes.groupsPerSlot) refuse(`a slot has at most ${sizes.groupsPerSlot} groups`)
    if (new Set(groups).size < groups.length) refuse(`"${names}" names a group twice`)
    const unknown = groups.find((name) => !groupExists(name))
    if (unknown !== undefined) refuse(`approvers.json has no group "${unknown}"`)
    const quorum = Number(number ?? 1)
    if (quorum > sizes.quorum) refuse(`a slot asks for at most ${sizes.quorum} people`)
    return { groups: groups.sort(), quorum }
  })
  const twice = slots.find((slot, i) => slots.slice(0, i).some((earlier) => slotKey(earlier) === slotKey(slot)))
  if (twice) refuse(`"${slotKey(twice)}" occurs twice: write "${slotKey(twice)}:2" for two people`)
  return slots
}

/** A value would look like a choice between several, and there is none. */
function isIndependent(notes: Notes): boolean {
  const text = notes.given.get('independent')
  if (text) notes.refuse('independent', '@independent is written without a value')
  return text !== undefined
}

function anyCommand(notes: Notes): boolean {
  const text = notes.given.get('command')
  if (text !== undefined && text !== 'any') notes.refuse('command', '@command is written as @command("any")')
  return text === 'any'
}

const times = (notes: Notes): Pick<CommonTerms, 'lapse' | 'grant'> => ({
  lapse: duration(notes, 'lapse', { least: 60, most: week, otherwise: hour }),
  grant: duration(notes, 'grant', { least: 60, most: 300, otherwise: 300 }),
})

interface Range {
  readonly least: number
  readonly most: number
}

function duration(notes: Notes, name: string, range: Range & { readonly otherwise: number }): number {
  const text = notes.given.get(name)
  return text === undefined ? range.otherwise : seconds(notes, name, text, range)
}

function seconds(notes: Notes, name: string, text: string, { least, most }: Range): number {
  const total = isoSeconds(text) ?? notes.refuse(name, `@${name} is an ISO 8601 duration as "PT1H" or "P1D"`)
  if (total < least || total > most)
    notes.refuse(name, `@${name} lies between ${least} and ${most} seconds; "${text}" is ${total}`)
  return total
}

function provisions(notes: Notes, groupExists: (name: string) => boolean): Provisions {
  const [answer, glass] = [notes.given.get('answer'), notes.given.get('breakglass')]
  if (glass === undefined && notes.given.has('review'))
    notes.refuse('review', '@review says how long others have to review a broken glass: it needs @breakglass')
  return {
    ...(answer !== undefined && { answer: seconds(notes, 'answer', answer, { least: 60, most: week }) }),
    ...reminders(notes),
    ...(glass !== undefined && { glass: glassOf(notes, glass, groupExists) }),
    ...sessionOf(notes),
    ...narrowed(notes),
  }
}

/** What events write as a name (docs/evidence/events.md). */
const eventName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** Reads `rows, tables`, sorted. Whether the schema declares them as what can get smaller is checked where it is read. */
function narrowed(notes: Notes): Pick<Provisions, 'narrow'> {
  const text = notes.given.get('narrow')
  if (text === undefined) return {}
  const names = nameList(notes, 'narrow', text, '@narrow lists params as "rows, tables"')
  const bad = names.find((name) => !eventName.test(name))
  if (bad !== undefined)
    notes.refuse(
      'narrow',
      `@narrow names "${bad}", and an event can name params of the letters A-Z a-z 0-9 . _ - alone`,
    )
  return { narrow: names }
}

/** Reads `@session("PT4H") @uses("20") @vary("target, rows")`: how long, how often and for what a standing approval may be. */
function sessionOf(notes: Notes): Pick<Provisions, 'session'> {
  const [time, uses, vary] = ['session', 'uses', 'vary'].map((name) => notes.given.get(name))
  for (const name of ['uses', 'vary'])
    if (time === undefined && notes.given.has(name))
      notes.refuse(name, `@${name} says what a standing approval may be for: it needs @session`)
  if (time === undefined) return {}
  if (uses === undefined) return notes.refuse('session', '@session needs @uses: say how often, as @uses("20")')
  if (tier(notes) === 'high')
    notes.refuse('session', '@session does not go with @tier("high"): each such action is asked for')
  const { least, seconds: most, uses: mostUses } = bounds.standing
  if (!/^[1-9]\d{0,2}$/.test(uses) || Number(uses) > mostUses)
    notes.refuse('uses', `@uses is a number from 1 to ${mostUses}, not "${uses}"`)
  return {
    session: { for: seconds(notes, 'session', time, { least, most }), uses: Number(uses), vary: varied(notes, vary) },
  }
}

/** Reads `target, rows, tables`, sorted. */
function varied(notes: Notes, text: string | undefined): readonly string[] {
  if (text === undefined) return []
  return nameList(notes, 'vary', text, '@vary lists "target" and params as "target, rows"')
}

/** @param form says in words how the list is written */
function nameList(notes: Notes, annotation: string, text: string, form: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const bad = names.find((name) => flawInKey(name) !== null || isOwn(name))
  if (bad !== undefined) notes.refuse(annotation, `${form}, not "${text}"`)
  if (names.length > sizes.varied) notes.refuse(annotation, `@${annotation} names at most ${sizes.varied}`)
  if (new Set(names).size < names.length) notes.refuse(annotation, `@${annotation} names something twice`)
  return names.sort()
}

/** Reads `PT15M, -PT10M`: after the ask, or with a minus before the deadline. */
function reminders(notes: Notes): Pick<Provisions, 'remind'> {
  const text = notes.given.get('remind')
  if (text === undefined) return {}
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > sizes.reminders) notes.refuse('remind', `@remind names at most ${sizes.reminders} moments`)
  const moments = parts.map((part) => {
    const isBefore = part.startsWith('-')
    const length = seconds(notes, 'remind', isBefore ? part.slice(1) : part, { least: 60, most: week })
    return isBefore ? -length : length
  })
  if (new Set(moments).size < moments.length) notes.refuse('remind', '@remind names a moment twice')
  return { remind: moments.sort((a, b) => a - b) }
}

/** Adds `PT30M: oncall` to slots: from then on the people of these groups may fill them, too. */
function escalated(notes: Notes, slots: readonly Slot[], groupExists: (name: string) => boolean): readonly Slot[] {
  const text = notes.given.get('escalate')
  if (text === undefined) return slots
  const [time = '', names = '', ...rest] = text.split(':').map((part) => part.trim())
  if (rest.length > 0 || names === '')
    notes.refuse('escalate', `@escalate is written as "PT30M: oncall", not as "${text}"`)
  const after = seconds(notes, 'escalate', time, { least: 60, most: week })
  const joining = groupList(notes, 'escalate', names, groupExists)
  if (joining.length > sizes.laterGroups)
    notes.refuse('escalate', `@escalate names at most ${sizes.laterGroups} groups`)
  const joined = slots.map(({ groups, quorum }): Slot => {
    const more = joining.filter((name) => !groups.includes(name))
    return { groups, ...(more.length > 0 && { later: { after, groups: more } }), quorum }
  })
  if (joined.every(({ later }) => later === undefined))
    notes.refuse('escalate', `@escalate names "${joining.join('|')}", who may fill all its slots from the beginning`)
  return joined
}

function glassOf(notes: Notes, text: string, groupExists: (name: string) => boolean): Glass {
  const groups = groupList(notes, 'breakglass', text, groupExists)
  if (groups.length > sizes.glassGroups)
    notes.refuse('breakglass', `@breakglass names at most ${sizes.glassGroups} groups`)
  return { groups, review: duration(notes, 'review', { least: hour, most: week, otherwise: day }) }
}

/** Reads `oncall|sre`, sorted. */
function groupList(
  notes: Notes,
  annotation: string,
  text: string,
  groupExists: (name: string) => boolean,
): readonly string[] {
  const names = text.split('|').map((name) => name.trim())
  if (names.some((name) => !groupPattern.test(name)))
    notes.refuse(annotation, `@${annotation} separates its groups by bars, as "oncall|sre"`)
  if (new Set(names).size < names.length) notes.refuse(annotation, `@${annotation} names a group twice`)
  const unknown = names.find((name) => !groupExists(name))
  if (unknown !== undefined) notes.refuse(annotation, `approvers.json has no group "${unknown}"`)
  return names.sort()
}

function tier(notes: Notes): Tier {
  const text = notes.given.get('tier') ?? 'medium'
  return tiers.find((known) => known === text) ?? notes.refuse('tier', `@tier is one of ${tiers.join(', ')}`)
}

/** Reads `teams, console`: names of doors. Whether the deployment has them is checked when it starts. */
function doors(notes: Notes): Pick<ApproveTerms, 'via'> {
  const text = notes.given.get('via')
  if (text === undefined) return {}
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => !doorPattern.test(name)))
    notes.refuse('via', `@via is a list of doors as "teams, console", not "${text}"`)
  if (names.length > sizes.doors) notes.refuse('via', `@via names at most ${sizes.doors} doors`)
  if (new Set(names).size < names.length) notes.refuse('via', '@via names a door twice')
  return { via: names.sort() }
}

/** Refuses a rule whose requests nobody could ever approve. */
function checkHighDoors(notes: Notes): void {
  const { via } = doors(notes)
  if (tier(notes) === 'high' && via?.every(isForeignDoor))
    notes.refuse('via', `@via names ${via.join(', ')} alone, where nothing of @tier("high") is approved`)
}

function isPrivate(notes: Notes): Pick<ApproveTerms, 'private'> {
  const text = notes.given.get('private')
  if (text === undefined) return {}
  if (text !== '') notes.refuse('private', '@private is written without a value')
  return { private: true }
}

function summary(notes: Notes): { summary?: string } {
  const text = notes.given.get('summary')
  if (text === undefined) return {}
  if (controlCharacter.test(text)) notes.refuse('summary', '@summary has no control characters')
  if (text.trim() === '' || [...text].length > sizes.summary)
    notes.refuse('summary', `@summary has 1 to ${sizes.summary} characters`)
  return { summary: text }
}

/**
 * Merges the terms of several rules into the strictest: all slots, the shortest times, the highest tier, the doors that
 * every rule allows, and beside a decision what every rule provides. The doors are an empty list if the rules have none in
 * common.
 */
export function strictest(terms: readonly ApproveTerms[]): ApproveTerms {
  const slots = new Map<string, Slot>()
  for (const slot of terms.flatMap((term) => term.slots)) {
    const known = slots.get(slotKey(slot))
    slots.set(slotKey(slot), known ? stricterSlot(known, slot) : slot)
  }
  const wanted = new Set(terms.flatMap(({ independent = [] }) => independent.map(slotKey)))
  const independent = [...slots.values()].filter((slot) => wanted.has(slotKey(slot)))
  const doors = terms.flatMap(({ via }) => (via ? [via] : []))
  const [first = []] = doors
  const byTier = terms.toSorted((a, b) => tiers.indexOf(b.tier) - tiers.indexOf(a.tier))
  return {
    slots: [...slots.values()],
    expires: Math.min(...terms.map((term) => term.expires)),
    tier: byTier[0]?.tier ?? 'high',
    ...(independent.length > 0 && { independent }),
    ...(doors.length > 0 && { via: first.filter((name) => doors.every((via) => via.includes(name))) }),
    ...(terms.some((term) => term.private) && { private: true }),
    ...commonProvisions(terms),
    ...shortest(byTier),
  }
}

/** Merges two slots of the same groups: the larger quorum, and later groups only where both have them. */
function stricterSlot(one: Slot, other: Slot): Slot {
  const quorum = Math.max(one.quorum, other.quorum)
  if (!one.later || !other.later) return { groups: one.groups, quorum }
  const after = Math.max(one.later.after, other.later.after)
  const groups = one.later.groups.filter((name) => other.later?.groups.includes(name))
  return { groups: one.groups, ...(groups.length > 0 && { later: { after, groups } }), quorum }
}

/** A question may move the deadline, a glass be broken, and an approval stand, only if every rule says so. Reminders add up. */
function commonProvisions(terms: readonly ApproveTerms[]): Provisions {
  const answers = terms.flatMap(({ answer }) => (answer === undefined ? [] : [answer]))
  const remind = [...new Set(terms.flatMap((term) => term.remind ?? []))].sort((a, b) => a - b)
  const glasses = terms.flatMap(({ glass }) => (glass ? [glass] : []))
  const [first] = glasses
  const groups = first?.groups.filter((name) => glasses.every((glass) => glass.groups.includes(name))) ?? []
  const isForAll = glasses.length === terms.length && groups.length > 0
  return {
    ...(answers.length === terms.length && answers.length > 0 && { answer: Math.min(...answers) }),
    ...(remind.length > 0 && { remind: remind.slice(0, sizes.reminders) }),
    ...(isForAll && { glass: { groups, review: Math.min(...glasses.map(({ review }) => review)) } }),
    ...commonSession(terms),
    ...commonlyNarrowed(terms),
  }
}

/** A param may be made smaller only if every rule says so. */
function commonlyNarrowed(terms: readonly ApproveTerms[]): Pick<Provisions, 'narrow'> {
  const [first = [], ...others] = terms.map(({ narrow = [] }) => narrow)
  const names = first.filter((name) => others.every((list) => list.includes(name)))
  return names.length > 0 ? { narrow: names } : {}
}

/** A standing approval may be asked for only if every rule says so: the shortest, the fewest uses, what all let vary. */
function commonSession(terms: readonly ApproveTerms[]): Pick<Provisions, 'session'> {
  const sessions = terms.flatMap(({ session }): readonly SessionTerms[] => (session ? [session] : []))
  const [first] = sessions
  const isHigh = terms.some((term) => term.tier === 'high')
  if (!first || sessions.length < terms.length || isHigh) return {}
  return {
    session: {
      for: Math.min(...sessions.map((session) => session.for)),
      uses: Math.min(...sessions.map(({ uses }) => uses)),
      vary: first.vary.filter((name) => sessions.every(({ vary }) => vary.includes(name))),
    },
  }
}

/** Merges terms: the shortest times, and the first summary. */
export function shortest(terms: readonly CommonTerms[]): CommonTerms {
  const summarized = terms.find((term) => term.summary !== undefined)
  return {
    lapse: Math.min(...terms.map((term) => term.lapse)),
    grant: Math.min(...terms.map((term) => term.grant)),
    ...(summarized?.summary !== undefined && { summary: summarized.summary }),
  }
}
