import { controlCharacter } from '../action/action.ts'
import { type Tier, tiers } from '../request/event.ts'
import { isoSeconds } from '../data/measure.ts'
import { controlsIn } from './controls.ts'
import type { Slot } from '../request/requirement.ts'
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
export interface ApproveTerms extends CommonTerms {
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

/** A rule's annotations, as text. `refuse` throws a flaw at the annotation's line. */
export interface Notes {
  readonly given: ReadonlyMap<string, string>
  readonly refuse: (annotation: string, reason: string) => never
}

const week = 7 * 86_400

/** Reads the annotations of a rule of `approve.cedar`. `@approvers` is required; the rest has defaults. */
export function approveTerms(notes: Notes, groupExists: (name: string) => boolean): ApproveTerms {
  const known = ['approvers', 'independent', 'expires', 'lapse', 'grant', 'tier', 'via', 'private']
  refuseUnknown(notes, [...known, 'controls', 'summary', 'like'])
  const slots = approvers(notes, groupExists)
  return {
    slots,
    ...(isIndependent(notes) && { independent: slots }),
    expires: duration(notes, 'expires', { least: 60, most: week, otherwise: 3600 }),
    tier: tier(notes),
    ...doors(notes),
    ...isPrivate(notes),
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
  lapse: duration(notes, 'lapse', { least: 60, most: week, otherwise: 3600 }),
  grant: duration(notes, 'grant', { least: 60, most: 300, otherwise: 300 }),
})

function duration(notes: Notes, name: string, bounds: { least: number; most: number; otherwise: number }): number {
  const text = notes.given.get(name)
  if (text === undefined) return bounds.otherwise
  const total = isoSeconds(text) ?? notes.refuse(name, `@${name} is an ISO 8601 duration as "PT1H" or "P1D"`)
  if (total < bounds.least || total > bounds.most)
    notes.refuse(name, `@${name} lies between ${bounds.least} and ${bounds.most} seconds; "${text}" is ${total}`)
  return total
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
 * every rule allows. The doors are an empty list if the rules have none in common.
 */
export function strictest(terms: readonly ApproveTerms[]): ApproveTerms {
  const slots = new Map<string, Slot>()
  for (const slot of terms.flatMap((term) => term.slots)) {
    const quorum = Math.max(slot.quorum, slots.get(slotKey(slot))?.quorum ?? 0)
    slots.set(slotKey(slot), { ...slot, quorum })
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
    ...shortest(byTier),
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
