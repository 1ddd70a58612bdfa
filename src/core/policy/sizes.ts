import type { Slot } from '../request/requirement.ts'

/** The limits of a policy. They keep loading cheap, and keep every event within the 4 KiB of a leaf. */
export const sizes = {
  /** Bytes of one file, checked before the file is parsed. */
  file: 262_144,
  name: 32,
  rulesPerAction: 12,
  slots: 10,
  groupsPerSlot: 4,
  quorum: 20,
  /** Groups that a rule lets join its slots later. */
  laterGroups: 2,
  reminders: 3,
  glassGroups: 4,
  /** Params that a standing approval lets differ, and `target`; params that approvers may make smaller. */
  varied: 8,
  doors: 4,
  /** Controls that a rule names; a row of `requests.csv` has those of all its rules. */
  controls: 24,
  accountsPerPerson: 8,
  excluded: 24,
  channelsPerGroup: 8,
  deputies: 8,
  summary: 200,
  title: 200,
  titleValues: 8,
  label: 40,
  criticalParams: 8,
  /** Keys that come first in the objects of a param. */
  order: 40,
  /**
   * Bytes of the largest event that the rules for an action can lead to. A leaf holds 4,096; the rest is reserved for
   * members that a later version of an event adds.
   */
  leaf: 4_048,
  /** Bytes of an action's presentation, which is copied into each request. */
  presentation: 4_096,
} as const

/** The form of rule ids: ASCII, so that characters are bytes. */
export const rulePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** The form of group names; `|`, `:` and `,` separate them in `@approvers`. */
export const groupPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/

/** The form of the names of doors, in events too. */
export const doorPattern = /^[a-z]{2,12}$/

/** Identifies a slot. Two slots are the same if they have the same groups. */
export const slotKey = ({ groups }: Slot): string => groups.join('|')
