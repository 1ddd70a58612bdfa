import type { Slot } from '../core/request/requirement.ts'

/** What a policy may be so large as: loading it costs little, and no event made from it passes the 4 KiB of a leaf. */
export const sizes = {
  /** Bytes of one file: looked at before anything is made of it. */
  file: 262_144,
  name: 32,
  rulesPerAction: 12,
  slots: 10,
  groupsPerSlot: 4,
  quorum: 20,
  accountsPerPerson: 8,
  excluded: 24,
  channelsPerGroup: 8,
  summary: 200,
  title: 200,
  titleValues: 8,
  label: 40,
  criticalParams: 8,
  /**
   * Bytes of the largest event that the rules for an action can make. A leaf holds 4,096; the rest is
   * for what a later version of an event adds.
   */
  leaf: 3_968,
  /** Bytes of what each request of an action bears of it. */
  presentation: 4_096,
} as const

/** The form of rule ids: ASCII, so that characters are bytes. */
export const rulePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** The form of group names; `|`, `:` and `,` separate them in `@approvers`. */
export const groupPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/

/** Two slots are the same if they draw from the same groups. */
export const slotKey = ({ groups }: Slot): string => groups.join('|')
